import FramingTransport

extension Selector {
  /// What is ready, by token; waits for `timeout` nanoseconds, or without end.
  func wait(_ timeout: Int64? = nil) throws -> [UInt64: Readiness] {
    var events = ReadyList()
    try wait(timeout: timeout, into: &events)
    // Two events for one token would trap here, rightly.
    return Dictionary(uniqueKeysWithValues: events.array.map { ($0.token, $0.readiness) })
  }

  /// What is ready now, by token.
  func now() throws -> [UInt64: Readiness] { try wait(0) }
}

extension ReadyList {
  /// The events, as an array.
  var array: [SelectorEvent] { (0..<count).map { self[$0] } }
}

/// A pair that an array can hold.
final class SharedPair {
  let pair: SocketPair
  var near: CInt { pair.near.descriptor }
  var far: CInt { pair.far.descriptor }

  init(_ pair: consuming SocketPair) { self.pair = pair }
}
