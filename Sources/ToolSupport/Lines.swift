import Framing

/// The lines of a file, in order: what ends with LF, and what is left at the end. A CR is part of its line.
///
/// Lines are frames, so the core finds them, and memory grows with the longest of them only.
package struct Lines: ~Copyable {
  /// How many lines were taken: the number of the last one, from 1.
  package private(set) var number = 0

  private let file: InputFile
  private var decoder = FrameDecoder(DelimiterFramer("\n", finalFrame: .deliver, limit: .max))
  private var isAtEnd = false

  package init(of file: InputFile) { self.file = file }

  /// Calls `body` with the next line, without its LF; `nil` without a call at the end. Waits for it.
  ///
  /// - Parameter waiting: Called before each time that the file is read, which may take until somebody types a line.
  package mutating func withNext<Result>(
    beforeReading waiting: () throws(Failure) -> Void = {}, _ body: (Span<UInt8>) -> Result
  ) throws(Failure) -> Result? {
    while true {
      let result: Result?
      do throws(FramingError) {
        result = try decoder.withNextMessage(body)
      } catch {
        // Never: no line is too long, and the last one needs no LF.
        throw Failure(.data, "\(file.name): \(error)")
      }
      if let result {
        number += 1
        return result
      }
      if isAtEnd { return nil }
      try waiting()
      try read()
    }
  }

  /// The next line, a copy, without its LF; `nil` at the end. Waits for it.
  package mutating func next() throws(Failure) -> [UInt8]? {
    try withNext { [UInt8](copying: $0) }
  }

  private mutating func read() throws(Failure) {
    let file = file
    let count = try decoder.fill(room: 1 << 16) { room throws(Failure) in try file.read(into: room) }
    guard count == 0 else { return }
    isAtEnd = true
    // Never an error, as above.
    try? decoder.finish()
  }
}
