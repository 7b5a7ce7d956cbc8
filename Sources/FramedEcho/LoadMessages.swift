import ToolSupport

/// The messages of `load`: letters and digits, which any framing carries, and each other than those near it.
///
/// Message n is a window into one run of random characters, one further for each message. So a reply that is lost,
/// doubled, exchanged with another or damaged differs from what is expected in its place, without a copy of what was
/// sent.
struct LoadMessages: Sendable {
  /// Messages so far apart are equal; a prime, and more than can be in flight at once.
  static let period = 8191

  let size: Int
  private let characters: [UInt8]

  /// Messages of `size` bytes.
  init(size: Int) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    // A simple generator (Knuth's MMIX constants): the same messages each time, on each machine.
    var state: UInt64 = 1
    self.size = size
    characters = (0..<size + Self.period).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return alphabet[Int(state >> 33) % alphabet.count]
    }
  }

  /// Calls `body` with the message that a connection sends as its `number`th; both count from 0.
  func withMessage<Result, Failure: Error>(
    _ number: Int, of connection: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = (number + 31 * connection) % Self.period
    return try body(characters.span.extracting(start..<start + size))
  }

  /// Whether `reply` is the message, byte for byte.
  func isEqual(_ reply: Span<UInt8>, to number: Int, of connection: Int) -> Bool {
    withMessage(number, of: connection) { Platform.isEqual($0, reply) }
  }

  /// How the reply differs, in a sentence.
  func difference(of reply: Span<UInt8>, from number: Int, of connection: Int) -> String {
    withMessage(number, of: connection) { message in
      let shorter = min(message.count, reply.count)
      let place = (0..<shorter).first { message[$0] != reply[$0] } ?? shorter
      return """
        reply \(number + 1) of connection \(connection + 1) differs from byte \(place) on: expected \
        \(Quote.counted(message, near: place)), got \(Quote.counted(reply, near: place))
        """
    }
  }
}
