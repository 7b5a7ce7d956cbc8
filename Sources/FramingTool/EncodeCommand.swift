import Framing
import ToolSupport

/// `framing encode`: frames each line as a message.
struct EncodeCommand: Command {
  private enum Format: String, CaseIterable { case raw, hex }

  private let spec: FramerSpec
  private let file: InputFile
  private let format: Format
  private let isHex: Bool

  init(arguments: ArraySlice<[UInt8]>) throws(Failure) {
    let stream = try StreamArguments(arguments, of: "encode", options: ["--format"])
    spec = stream.spec
    format = try stream.arguments.choice("--format", of: Format.allCases) ?? .raw
    isHex = stream.arguments.has("--hex-lines")
    file = try stream.file()
  }

  func run() throws(Failure) -> ExitStatus {
    try Output.standard { output throws(Failure) in
      var encoder = FrameEncoder(spec.framer)
      if isHex {
        var lines = HexLines(of: file)
        var message = FrameBuffer()
        while try lines.appendNext(to: &message, beforeReading: { () throws(Failure) in try output.flush() })
        {
          try message.withBytes { bytes throws(Failure) in
            try write(bytes, line: lines.number, &encoder, &output).get()
          }
          message.removeAll(keepingCapacity: true)
        }
      } else {
        var lines = Lines(of: file)
        var number = 1
        while let result = try lines.withNext(
          beforeReading: { () throws(Failure) in try output.flush() },
          { line in write(line, line: number, &encoder, &output) })
        {
          try result.get()
          number += 1
        }
      }
      return .success
    }
  }

  /// Frames a message and prints it: all of it or nothing.
  private func write(
    _ message: Span<UInt8>, line number: Int, _ encoder: inout FrameEncoder<AnyFramer>, _ output: inout Output
  ) -> Result<Void, Failure> {
    do throws(FramingError) {
      try encoder.append(message)
    } catch {
      return .failure(
        Failure(
          .data,
          "\(file.name): line \(number) (\(Quote.counted(message))) \(error.fault); nothing of it was written"
        ))
    }
    encoder.withBytes { bytes in
      switch format {
      case .raw: output.append(bytes)
      case .hex:
        output.appendHex(bytes)
        output.append("\n")
      }
    }
    encoder.removeFirst(encoder.count)
    return .success(())
  }

  static let help = """
    usage: framing encode [options] SPEC [FILE]

    Frames each line of FILE, or of standard input, as one message, and prints the framed
    bytes. An empty line is an empty message. A line ends with LF, which is not part of the
    message; a CR before it is. The last line need not have one.

      --format F       raw: the bytes, one behind the other (default)
                       hex: a line of hex digits for each message
      --hex-lines      each line is a message in hex digits

      printf 'one\\ntwo\\n' | framing encode length-prefixed:width=2 > stream.bin
      echo '00 ff' | framing encode length-prefixed:width=1 --hex-lines --format hex

    A message that the framing cannot carry ends it: the messages before have gone out, of
    that one nothing has.

    exit status: 0 if every line was framed; 65 if one cannot be; 64 wrong arguments;
    66 no such file; 74 input or output failed
    """
}
