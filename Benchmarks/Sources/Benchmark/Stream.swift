import Framing

/// A stream of frames with payloads of one size.
struct Stream {
  let bytes: [UInt8]
  let messages: Int

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

  /// Calls `body` with each chunk in turn; 0 is the whole stream at once.
  @inline(__always)
  func forEachChunk(_ size: Int, _ body: (Range<Int>) -> Void) {
    let step = size == 0 ? bytes.count : size
    var start = 0
    while start < bytes.count {
      let end = min(start + step, bytes.count)
      body(start..<end)
      start = end
    }
  }
}
