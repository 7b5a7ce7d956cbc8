/// How a client connects.
public struct ConnectOptions: Hashable, Sendable {
  /// How long to wait for an answer from one address of a host before the next one is tried, too; at least 10 ms.
  ///
  /// RFC 8305, section 5, recommends 250 ms. Less is faster where some addresses do not answer, and connects to two of
  /// them more often.
  public var attemptDelay = Duration.milliseconds(250)
  /// The options of the socket.
  public var socket = SocketOptions()

  /// The options as they stand above.
  public init() {}

  /// The delay to keep: a very short one would try all addresses at once.
  var effectiveDelay: Duration { max(attemptDelay, .milliseconds(10)) }
}
