import Framing
import ToolSupport

/// Lines of hex digits in a file, each as the bytes that it stands for.
struct HexLines: ~Copyable {
  private let name: String
  private var lines: Lines

  init(of file: InputFile) {
    name = file.name
    lines = Lines(of: file)
  }

  /// The number of the line that was read last, from 1.
  var number: Int { lines.number }

  /// Appends the bytes of the next line, which may be none; `false` at the end.
  ///
  /// - Parameter waiting: Called before each time that the file is read.
  mutating func appendNext(
    to bytes: inout FrameBuffer, beforeReading waiting: () throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    let bad = try lines.withNext(beforeReading: waiting) { line in Hex.decode(line, into: &bytes) }
    guard let bad else { return false }
    guard let pair = bad else { return true }
    throw Failure(
      .data,
      "\(name): line \(number), column \(pair.column): a byte is a pair of hex digits, not "
        + Quote.bytes(pair.bytes))
  }
}
