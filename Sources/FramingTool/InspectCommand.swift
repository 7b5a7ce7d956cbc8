import Framing
import ToolSupport

/// `framing inspect`: a hex dump of a stream that shows where each frame begins and ends.
struct InspectCommand: Command {
  private let spec: FramerSpec
  private let file: InputFile
  private let cutting: ChunkSource.Cutting

  init(arguments: ArraySlice<[UInt8]>) throws(Failure) {
    let stream = try StreamArguments(arguments, of: "inspect", options: ["--chunk-size"])
    spec = stream.spec
    cutting = try stream.cutting()
    file = try stream.file()
  }

  func run() throws(Failure) -> ExitStatus {
    try Output.standard { output throws(Failure) in
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

  static let help = """
    usage: framing inspect [options] SPEC [FILE]

    Shows every byte of FILE, or of standard input, framed as SPEC says: sixteen a
    row, with the offset in front and the text behind. Each frame begins a new row,
    which says its number and the size of its message, without escapes.

    A mark stands before the first byte of a region. Terminals show colours, too.

      <  header     -  no frame: bytes that the framing leaves out
      [  payload    !  a frame that failed, and all behind it if its end is unknown
      (  trailer

    A line that begins with "! frame" tells the error behind such a frame.

      --hex-lines      the input is text: a line of pairs of hex digits is a chunk
      --chunk-size N   decode N bytes at a time; the result is the same

      echo '00 02 68 69 00 00' | framing inspect length-prefixed:width=2 --hex-lines
      framing inspect --chunk-size 1 lines notes.txt | less

    exit status: 0 if the stream is whole; 65 after an error; 64 wrong arguments;
    66 no such file; 74 input or output failed
    """
}
