import Framing
import ToolSupport

/// `framing decode`: prints the messages of a stream, and then the error if there is one.
struct DecodeCommand: Command {
  static let syntax = CommandSyntax(
    "decode", "prints the messages of a stream",
    operands: StreamArguments.operands,
    options: [
      Option(
        "--format", .choice("F", MessageFormat.allCases.map(\.rawValue)), "text, json, raw or hex (text)"),
      StreamArguments.hexLines, StreamArguments.chunkSize,
    ],
    description: """
      Prints the messages of FILE, or of standard input, framed as SPEC says; and the error, if the stream breaks \
      the framing or ends inside a frame: with json in its place, else on standard error.
      """,
    details: [
      "The formats:",
      """
        text  number, place, size and beginning of each message
        json  an object a line:
                {"index":0,"offset":0,"wireLength":6,"payload":"6869"}
                {"error":"truncated","offset":6,"description":"..."}
        raw   the payloads, one behind the other
        hex   a line of hex digits for each message
      """,
      """
      With on-too-long=discard there may be several errors, between messages. Memory grows with the longest \
      message, or line of hex, not with the stream.
      """,
    ],
    examples: [
      #"framing decode 'delimiter:bytes=\r\n' mail.txt"#,
      "echo '00 02 68 69' | framing decode length-prefixed:width=2 --hex-lines",
    ],
    statuses: [.data, .noInput, .inputOutput])

  private let spec: FramerSpec
  private let file: InputFile
  private let cutting: ChunkSource.Cutting
  private let format: MessageFormat

  init(_ arguments: Arguments) throws(Failure) {
    let stream = try StreamArguments(arguments)
    spec = stream.spec
    cutting = try stream.cutting()
    format = try stream.arguments.choice("--format", of: MessageFormat.allCases) ?? .text
    file = try stream.file()
  }

  func run() throws(Failure) -> ExitStatus {
    file.showProgress()
    return try Output.standard { output throws(Failure) in
      var source = ChunkSource(file, cutting)
      var decoder = FrameDecoder(spec.framer)
      var log = Log(format: format, name: file.name)
      while decoder.failure == nil,
        try source.next(into: &decoder, beforeReading: { () throws(Failure) in try output.flush() }) > 0
      {
        try log.takeMessages(of: &decoder, output: &output)
      }
      if decoder.failure == nil {
        try log.finish(&decoder, output: &output)
        try log.takeMessages(of: &decoder, output: &output)
      }
      return log.isClean ? .success : .data
    }
  }

  /// What was printed.
  private struct Log {
    let format: MessageFormat
    let name: String
    private(set) var isClean = true
    private var count = 0

    init(format: MessageFormat, name: String) {
      self.format = format
      self.name = name
    }

    /// Prints the messages that are whole, and each error at its place. Some errors are not the end.
    mutating func takeMessages(
      of decoder: inout FrameDecoder<AnyFramer>, output: inout Output
    ) throws(Failure) {
      while decoder.failure == nil {
        do throws(FramingError) {
          while try takeMessage(of: &decoder, output: &output) { count += 1 }
          return
        } catch {
          try report(error, output: &output)
        }
      }
    }

    mutating func finish(_ decoder: inout FrameDecoder<AnyFramer>, output: inout Output) throws(Failure) {
      do throws(FramingError) {
        try decoder.finish()
      } catch {
        try report(error, output: &output)
      }
    }

    private func takeMessage(
      of decoder: inout FrameDecoder<AnyFramer>, output: inout Output
    ) throws(FramingError) -> Bool {
      var place = (offset: UInt64(0), wireLength: 0)
      if format.hasPlaces {
        guard let frame = try decoder.peek() else { return false }
        place = (frame.offset, frame.wireLength)
      }
      return try decoder.withNextMessage { message in
        format.print(
          message, number: count, offset: place.offset, wireLength: place.wireLength, on: &output)
      } != nil
    }

    private mutating func report(_ error: FramingError, output: inout Output) throws(Failure) {
      isClean = false
      if format.hasErrors { return MessageFormat.print(error, on: &output) }
      // On a terminal, the messages stand before the error.
      try output.flush()
      FramingTool.program.report("\(name): \(error)")
    }
  }
}
