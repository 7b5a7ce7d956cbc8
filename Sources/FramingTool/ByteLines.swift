import Framing
import ToolSupport

/// The lines of a file, each as the bytes that it stands for: its own, or those that it names in hex.
struct ByteLines: ~Copyable {
  private let name: String
  private let areHex: Bool
  private var lines: Lines

  init(of file: InputFile, areHex: Bool) {
    name = file.name
    self.areHex = areHex
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
    let bad: Hex.BadPair?? = try lines.withNext(beforeReading: waiting) { line in
      if areHex { return Hex.decode(line, into: &bytes) }
      bytes.append(line)
      return nil
    }
    guard let bad else { return false }
    guard let pair = bad else { return true }
    throw Failure(
      .data,
      "\(name): line \(number), column \(pair.column): a byte is a pair of hex digits, not "
        + Quote.bytes(pair.bytes))
  }
}
