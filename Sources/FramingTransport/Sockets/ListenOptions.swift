/// How a socket listens, and what the connections have that it accepts.
///
/// ```swift
/// var options = ListenOptions()
/// options.dualStack = true
/// let server = try FramedServer(at: .ipv6(0, port: 7777), framer: LineFramer(), options: options)
/// ```
public struct ListenOptions: Hashable, Sendable {
  /// How many connections may wait to be accepted; the system may allow fewer (`net.core.somaxconn`, 4096 on Linux).
  ///
  /// Over TCP, peers beyond it get no answer and try again after a second; over Unix sockets they wait for room.
  public var backlog = 1024
  /// Whether several sockets, of one user, may listen at the same address and port, each with a queue of its own
  /// (`SO_REUSEPORT`). TCP only.
  ///
  /// For several processes that share a port: Linux gives each new connection to one of them. It has its price. When one of
  /// them closes, the connections that wait in its queue are reset, unless `net.ipv4.tcp_migrate_req` is 1 (it is 0 by
  /// default). One that is slow keeps its share waiting while the others are idle. And a program that was started
  /// twice by mistake takes half of the connections away instead of failing. Darwin does not share at all: the last
  /// socket gets everything. Within one process, several loops behind one listening socket cost nothing of it.
  public var reusePort = false
  /// Whether an IPv6 address serves IPv4 peers, too; then no other socket can have the port over IPv4. IPv6 only.
  ///
  /// An IPv4 peer has an address such as `::ffff:10.0.0.1` then, which ``TrustedAddresses`` take for `10.0.0.1`. Off or on,
  /// the socket is told (`IPV6_V6ONLY`), as systems differ in what they do untold (`net.ipv6.bindv6only`).
  public var dualStack = false
  /// What to do if the path of a Unix socket is there already.
  public var existingPath = ExistingPath.replacedIfDead
  /// What the connections have that are accepted.
  public var accepted = SocketOptions()

  /// The options as they stand above.
  public init() {}

  /// What to do about a path that exists before a Unix socket is bound to it.
  public enum ExistingPath: Hashable, Sendable {
    /// It is removed if it is a socket and nobody listens there: connecting to it is refused (`ECONNREFUSED`). A path that
    /// a server uses, one that may not be connected to, and one that is no socket stay, and are errors.
    ///
    /// A server that was killed leaves its path behind, and the next one can start all the same. A live server loses its path
    /// only if two start within the same moment: one that is bound and does not listen yet refuses as a dead one does. Who starts servers so gives each a path of its own. A lock file would not
    /// be better: it binds only those who know of it, and is left behind, too.
    case replacedIfDead
    /// It stays, whatever it is, and is an error (`EADDRINUSE`).
    case refused
  }

  /// The options to set before the socket is bound, for one of `family`.
  func list(for family: SocketAddress.Family) -> [SocketOption] {
    if family == .unix { return [] }
    var list: [SocketOption] = [.reuseAddress]
    if reusePort { list.append(.reusePort) }
    if family == .ipv6 { list.append(.ipv6Only(!dualStack)) }
    return list
  }
}
