/// What a server lets its peers do, all of it in one value. All of it is finite unless told otherwise.
///
/// ``memoryBound(longestFrame:)`` says how much memory that can be.
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

  /// The most memory that all peers together can make a server hold, in bytes:
  ///
  ///     connections × (connection.memoryBound(longestFrame) + 2 KiB)
  ///
  /// The last part is what a connection is besides its bytes, an idle one too; without the task of an asynchronous handler,
  /// which has what it keeps itself. To bound it by what the machine has, lower ``connections``, or the framer's limit.
  ///
  /// - Parameter longestFrame: As of ``ConnectionLimits/memoryBound(longestFrame:)``.
  public func memoryBound(longestFrame: Int) -> Int {
    let (each, carry) = connection.memoryBound(longestFrame: longestFrame).addingReportingOverflow(2 << 10)
    let (all, overflow) = each.multipliedReportingOverflow(by: connections)
    return carry || overflow ? .max : all
  }
}

/// A number of connections that a server has, and that one more would exceed.
public enum ConnectionCap: String, CaseIterable, Hashable, Sendable {
  /// See ``ServerLimits/connections``.
  case total
  /// See ``ServerLimits/connectionsPerPeer``.
  case perPeer
}
