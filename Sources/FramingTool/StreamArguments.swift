import Framing
import ToolSupport

/// What the commands that read a stream have in common: `SPEC [FILE]` and how the stream is cut.
struct StreamArguments {
  let spec: FramerSpec
  let arguments: Arguments

  static let operands = [Operand(.spec), Operand(.file, .optional)]
  static let hexLines = Option(
    "--hex-lines", nil, "the input is text: a line of pairs of hex digits is a chunk")
  static let chunkSize = Option("--chunk-size", .number, "take N bytes at a time; the result is the same")

  init(_ arguments: Arguments) throws(Failure) {
    self.arguments = arguments
    let first = arguments.operands[0]
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
