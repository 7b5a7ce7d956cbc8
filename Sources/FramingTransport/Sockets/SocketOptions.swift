import CSystemShims

/// What a connection is told of how to treat its bytes.
///
/// Connections that a listening socket accepts have the options of ``ListenOptions/accepted``; most kernels hand them
/// down, so they cost a call for the listening socket and none for each connection.
public struct SocketOptions: Hashable, Sendable {
  /// Whether a message goes out at once, instead of being held back to be joined with the next one (`TCP_NODELAY`). TCP only.
  public var noDelay = true
  /// How many bytes the kernel may hold that were sent and not yet acknowledged (`SO_SNDBUF`); `nil` leaves that to the
  /// system, which on Linux lets it grow to some 4 MB.
  ///
  /// A peer that does not read costs so much in the kernel, besides ``ConnectionLimits/queuedBytes`` in this process. Linux
  /// doubles the number, for what it keeps about the bytes, and has bounds of its own (`net.core.wmem_max`). At least 1.
  public var sendBuffer: Int?
  /// How many bytes the kernel may hold that have come and were not yet read (`SO_RCVBUF`), and so how far a peer may be
  /// ahead; `nil` leaves that to the system. As ``sendBuffer`` otherwise (`net.core.rmem_max`).
  public var receiveBuffer: Int?

  /// The options as they stand above.
  public init() {}

  /// The options to set, for a socket of `family`.
  func list(for family: SocketAddress.Family) -> [SocketOption] {
    var list: [SocketOption] = []
    if noDelay && family != .unix { list.append(.noDelay) }
    if let sendBuffer { list.append(.sendBuffer(bytes: Self.checked(sendBuffer))) }
    if let receiveBuffer { list.append(.receiveBuffer(bytes: Self.checked(receiveBuffer))) }
    return list
  }

  /// A kernel would take a negative number for a huge one.
  private static func checked(_ bytes: Int) -> CInt {
    precondition(bytes > 0, "a buffer of \(bytes) bytes cannot be; at least 1 is needed")
    return CInt(clamping: bytes)
  }
}

extension SocketOption {
  /// Whether a socket of `family` surely has what was set on the socket that accepted it.
  ///
  /// Linux hands everything down over TCP, and nothing over Unix sockets, whose ends are made when the peer connects.
  /// What other systems do was not measured.
  func isInherited(in family: SocketAddress.Family) -> Bool { CSYS_TCP_INHERITS != 0 && family != .unix }
}
