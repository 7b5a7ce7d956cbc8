import Framing
import ToolSupport

/// `framing inspect`: a hex dump of a stream that shows where each frame begins and ends.
struct InspectCommand: Command {
  static let syntax = CommandSyntax(
    "inspect", "shows where each frame begins and ends",
    operands: StreamArguments.operands,
    options: [StreamArguments.hexLines, StreamArguments.chunkSize],
    description: """
      Shows every byte of FILE, or of standard input, framed as SPEC says, with the offset in front and the text \
      behind. Before the first byte of a region stands < for a header, [ for a payload, ( for a trailer, - for no \
      frame, and ! for a frame that failed.
      """,
    details: [
      """
      Each frame begins a new row, of sixteen bytes, which says its number and the size of its message, without \
      escapes. Bytes of no frame are those that the framing leaves out. A frame that failed has all behind it, if its \
      end is unknown, and a line that begins with "! frame" tells the error. Terminals show colours, too.
      """
    ],
    examples: [
      "echo '00 02 68 69 00 00' | framing inspect length-prefixed:width=2 --hex-lines",
      "framing inspect --chunk-size 1 lines notes.txt | less",
    ],
    statuses: [.data, .noInput, .inputOutput])

  private let spec: FramerSpec
  private let file: InputFile
  private let cutting: ChunkSource.Cutting

  init(_ arguments: Arguments) throws(Failure) {
    let stream = try StreamArguments(arguments)
    spec = stream.spec
    cutting = try stream.cutting()
    file = try stream.file()
  }

  func run() throws(Failure) -> ExitStatus {
    file.showProgress()
    return try Output.standard { output throws(Failure) in
      var source = ChunkSource(file, cutting)
      var chunk = FrameBuffer()
      var inspection = Inspection(spec.framer, hasColour: Terminal.hasColour)
      while try source.next(into: &chunk, beforeReading: { () throws(Failure) in try output.flush() }) > 0 {
        chunk.withBytes { inspection.append($0, on: &output) }
        chunk.removeAll(keepingCapacity: true)
      }
      inspection.finish(on: &output)
      return inspection.isClean ? .success : .data
    }
  }
}
