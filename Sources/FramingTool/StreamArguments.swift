import Framing
import ToolSupport

/// What the commands that read a stream have in common: `SPEC [FILE]` and how the stream is cut.
struct StreamArguments {
  let spec: FramerSpec
  let arguments: Arguments

  init(
    _ words: ArraySlice<[UInt8]>, of command: String, options: [String] = []
  ) throws(Failure) {
    arguments = try Arguments(
      words, of: command, options: options, flags: ["--hex-lines"], operands: "file")
    guard let first = arguments.operands.first else {
      throw Failure(.usage, "\(command) needs a SPEC, as: framing \(command) length-prefixed:width=2")
    }
    guard arguments.operands.count <= 2 else {
      throw Failure(.usage, "\(command) reads one FILE, not \(arguments.operands.count - 1)")
    }
    let text = try Arguments.text(first, of: "SPEC")
    do throws(FramerSpecError) {
      spec = try FramerSpec(text)
    } catch {
      let isFile = (try? InputFile(path: first)) != nil
      throw Failure(.usage, "\(error)" + (isFile ? "; that is a file: SPEC comes before FILE" : ""))
    }
  }

  /// What FILE names. To be asked last: arguments are judged before files.
  func file() throws(Failure) -> InputFile {
    guard arguments.operands.count > 1, arguments.operands[1] != Array("-".utf8) else { return .standard }
    return try InputFile(path: arguments.operands[1])
  }

  /// What `--hex-lines` and `--chunk-size` say.
  func cutting() throws(Failure) -> ChunkSource.Cutting {
    ChunkSource.Cutting(
      isHexLines: arguments.has("--hex-lines"), size: try arguments.integer("--chunk-size", in: 1...(1 << 24))
    )
  }
}
