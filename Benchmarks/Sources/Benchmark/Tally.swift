/// What was found in a stream. All who decode the same one have to agree on it, so that nobody leaves work out.
struct Tally: Hashable {
  var messages = 0
  var bytes = 0
  /// Over the first and the last byte of each message.
  var sum = 0

  @inline(__always)
  mutating func add(_ message: Span<UInt8>) {
    messages += 1
    bytes += message.count
    guard !message.isEmpty else { return }
    sum += Int(message[0]) + 3 * Int(message[message.count - 1])
  }
}
