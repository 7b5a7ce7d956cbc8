/// What a server lets its peers do, all of it in one value. All of it is finite unless told otherwise.
///
/// The memory that peers can make a server hold is at most
///
///     connections × (one frame + 64 KiB + connection.queuedBytes + one frame)
///
/// where one frame is the smaller of ``ConnectionLimits/frameBytes`` and the longest frame of the framer.
public struct ServerLimits: Hashable, Sendable {
  /// Connections at a time. One more is accepted and reset at once, so that its peer knows.
  public var connections = 50_000
  /// Connections at a time from one address, whatever the port; all peers of a Unix socket are one.
  ///
  /// As many as there are at all unless told otherwise: behind a proxy all peers have its address.
  public var connectionsPerPeer = 50_000
  /// What each of them may do.
  public var connection = ConnectionLimits()

  /// The limits as they stand above.
  public init() {}
}

/// A number of connections that a server has, and that one more would exceed.
public enum ConnectionCap: String, CaseIterable, Hashable, Sendable {
  /// See ``ServerLimits/connections``.
  case total
  /// See ``ServerLimits/connectionsPerPeer``.
  case perPeer
}
