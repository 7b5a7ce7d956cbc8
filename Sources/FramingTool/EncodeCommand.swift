import Framing
import ToolSupport

/// `framing encode`: frames each line as a message.
struct EncodeCommand: Command {
  private enum Format: String, CaseIterable { case raw, hex }

  static let syntax = CommandSyntax(
    "encode", "frames each line as a message",
    operands: StreamArguments.operands,
    options: [
      Option(
        "--format", .choice("F", Format.allCases.map(\.rawValue)),
        "raw, or hex: a line of digits a message (raw)"),
      Option("--hex-lines", nil, "each line is a message in hex digits"),
    ],
    description: """
      Frames each line of FILE, or of standard input, as one message, and prints the framed bytes. An empty line is \
      an empty message. A line ends with LF, which is not part of the message; a CR before it is. The last line need \
      not have one.
      """,
    details: [
      "A message that the framing cannot carry ends it: the messages before have gone out, of that one nothing has."
    ],
    examples: [
      #"printf 'one\ntwo\n' | framing encode length-prefixed:width=2 > stream.bin"#,
      "echo '00 ff' | framing encode length-prefixed:width=1 --hex-lines --format hex",
    ],
    statuses: [.data, .noInput, .inputOutput])

  private let spec: FramerSpec
  private let file: InputFile
  private let format: Format
  private let isHex: Bool

  init(_ arguments: Arguments) throws(Failure) {
    let stream = try StreamArguments(arguments)
    spec = stream.spec
    format = try stream.arguments.choice("--format", of: Format.allCases) ?? .raw
    isHex = stream.arguments.has("--hex-lines")
    file = try stream.file()
  }

  func run() throws(Failure) -> ExitStatus {
    file.showProgress()
    return try Output.standard { output throws(Failure) in
      var lines = ByteLines(of: file, areHex: isHex)
      var message = FrameBuffer()
      var encoder = FrameEncoder(spec.framer)
      while try lines.appendNext(to: &message, beforeReading: { () throws(Failure) in try output.flush() }) {
        try encode(message, line: lines.number, with: &encoder)
        message.removeAll(keepingCapacity: true)
        encoder.withBytes { frame in
          switch format {
          case .raw: output.append(frame)
          case .hex:
            output.appendHex(frame)
            output.append("\n")
          }
        }
        encoder.removeFirst(encoder.count)
      }
      return .success
    }
  }

  private func encode(
    _ message: borrowing FrameBuffer, line number: Int, with encoder: inout FrameEncoder<AnyFramer>
  ) throws(Failure) {
    try message.withBytes { bytes throws(Failure) in
      do throws(FramingError) {
        try encoder.append(bytes)
      } catch {
        let line = "\(file.name): line \(number) (\(Quote.counted(bytes)))"
        throw Failure(.data, "\(line) \(error.fault); nothing of it was written")
      }
    }
  }
}
