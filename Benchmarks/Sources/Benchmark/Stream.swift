import Framing

/// A stream of frames with payloads of one size.
struct Stream {
  private(set) var bytes: [UInt8]
  let messages: Int
  /// Where the first frame begins.
  private var start = 0

  /// As many messages as `size` bytes hold, at least four.
  init<F: Framer>(_ framer: F, payload: [UInt8], size: Int) {
    var encoder = FrameEncoder(framer)
    messages = max(4, size / (payload.count + 4))
    for _ in 0..<messages {
      do { try encoder.append(payload) } catch { preconditionFailure("the payload does not fit: \(error)") }
    }
    bytes = encoder.takeBytes()
  }

  /// Letters, which no framing has to escape, or any bytes.
  static func payload(_ count: Int, isText: Bool) -> [UInt8] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return isText ? UInt8(ascii: "a") + UInt8((state >> 33) % 26) : UInt8(truncatingIfNeeded: state >> 33)
    }
  }

  /// Moves all frames, so that they begin `shift` bytes behind the beginning of the memory.
  ///
  /// How fast large chunks are copied depends on where source and target lie in their pages: some processors take twenty
  /// times as long if the target is 1 to 31 bytes ahead (`rep movsb`). What is by chance in one round is not in the next.
  mutating func move(to shift: Int) {
    bytes.replaceSubrange(..<start, with: repeatElement(0, count: shift))
    start = shift
  }

  /// Calls `body` with each chunk in turn; 0 is the whole stream at once.
  @inline(__always)
  func forEachChunk(_ size: Int, _ body: (Range<Int>) throws -> Void) rethrows {
    var start = start
    while start < bytes.count {
      let end = size == 0 ? bytes.count : min(start + size, bytes.count)
      try body(start..<end)
      start = end
    }
  }
}
