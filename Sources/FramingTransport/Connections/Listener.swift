import CSystemShims
import Framing

/// The listening socket of a server, and the connections that came from it.
// Unchecked: everything but `init` happens on the loop's thread, which `EventLoop` proves at its entries.
final class Listener: EventSource, @unchecked Sendable {
  let loop: EventLoop
  /// The loops that connections are given to in turn; the listener's own is the first of them.
  private let workers: [EventLoop]
  private var nextWorker = 0
  private let framing: ConnectionFraming
  /// Who has to say first, in a PROXY header, for whom it speaks.
  private let proxies: TrustedAddresses?
  private let limits: ServerLimits
  private let connectionLimits: SharedLimits
  private let onFailure: @Sendable (ConnectionFailure) -> Void

  private var socket: Socket?
  private var token: UInt64?
  private var connections: [ObjectIdentifier: FramedConnection] = [:]
  /// Connections whose PROXY header has yet to come.
  private var handshakes: [ObjectIdentifier: ProxyHandshake] = [:]
  /// How many of the connections each address has.
  private var peers: [SocketAddress: Int] = [:]
  private var start: (@Sendable (isolated FramedConnection, Listener) -> Void)?
  private var completion: CheckedContinuation<Void, any Error>?
  private var hasRun = false
  private var isShuttingDown = false

  /// Connections to accept in one turn at the most, so that those that are open have theirs.
  private static let acceptsPerTurn = 64
  /// How long to leave waiting connections alone when accepting fails, as without free descriptors: twice as long each
  /// time, up to a second, until one is accepted again.
  private var pause = firstPause
  private static let firstPause = Duration.milliseconds(10)
  private static let longestPause = Duration.seconds(1)
  /// When a failure of the listener, or a refusal, may be told again.
  private var quietUntil: Int64 = 0
  private static let quietTime: Int64 = 1_000_000_000

  init(
    _ socket: consuming Socket, framing: ConnectionFraming, limits: ServerLimits, workers: [EventLoop],
    proxies: TrustedAddresses?,
    onFailure: @escaping @Sendable (ConnectionFailure) -> Void
  ) {
    self.socket = .some(socket)
    self.framing = framing
    self.limits = limits
    self.connectionLimits = SharedLimits(limits.connection)
    self.loop = workers[0]
    self.workers = workers
    self.proxies = proxies
    self.onFailure = onFailure
  }

  func run(
    _ start: @escaping @Sendable (isolated FramedConnection, Listener) -> Void,
    until completion: CheckedContinuation<Void, any Error>
  ) {
    precondition(!hasRun, "a server runs once")
    hasRun = true
    guard !isShuttingDown, let descriptor = socket?.descriptor else { return completion.resume() }
    do throws(SystemError) {
      token = try loop.add(self, descriptor: descriptor, interest: .readable)
      self.start = start
      self.completion = completion
    } catch {
      // Peers would connect, and wait for nobody.
      socket = nil
      completion.resume(throwing: error)
    }
  }

  func shutdown() {
    isShuttingDown = true
    if let token, let descriptor = socket?.descriptor { loop.remove(token, descriptor: descriptor) }
    token = nil
    socket = nil
    for handshake in handshakes.values { handshake.cancel() }
    handshakes = [:]
    for connection in connections.values { connection.onItsLoop { $0.stop() } }
    completeIfDone()
  }

  /// A connection with a synchronous handler is closed. From the thread of any worker.
  func closed(_ connection: FramedConnection) {
    if loop.isCurrent { remove(connection) } else { loop.execute { [self] in remove(connection) } }
  }

  private func remove(_ connection: FramedConnection) {
    if connections.removeValue(forKey: ObjectIdentifier(connection)) != nil {
      forget(connection.peer.withoutPort)
    }
    completeIfDone()
  }

  private func forget(_ host: SocketAddress) {
    let count = peers[host, default: 1] - 1
    peers[host] = count > 0 ? count : nil
  }

  /// The task that served a connection has ended, and the connection is closed.
  func ended(_ connection: isolated FramedConnection) { closed(connection) }

  /// Tells the user of the failures of one connection.
  func reporter(for peer: SocketAddress) -> @Sendable (any Error) -> Void {
    { [onFailure] error in onFailure(ConnectionFailure(peer: peer, error: error)) }
  }

  private func completeIfDone() {
    guard isShuttingDown, connections.isEmpty, let completion else { return }
    self.completion = nil
    start = nil  // It may hold the server, which holds this.
    completion.resume()
  }

  // MARK: Accepting

  nonisolated func flush() {}

  func ready(_ readiness: Readiness) {
    for _ in 0..<Self.acceptsPerTurn {
      do throws(SystemError) {
        guard let accepted = try socket?.accept() else { return }
        pause = Self.firstPause
        let peer = accepted.peer
        let isProxy = proxies?.contains(peer) ?? false
        if let cap = exceededCap(by: isProxy ? nil : peer) {
          refuse(accepted.socket, of: peer, because: cap)
          continue
        }
        if isProxy {
          try awaitHeader(of: accepted.socket, from: peer)
        } else {
          serve(accepted.socket, peer: peer)
        }
      } catch {
        if Self.concernsOneConnection(error) { continue }
        report(peer: nil, error)
        return pauseAccepting()
      }
    }
  }

  private func serve(
    _ socket: consuming Socket, peer: SocketAddress, header: SharedHeader? = nil, received: [UInt8] = []
  ) {
    let connection = FramedConnection(
      socket, peer: peer, framing: framing, limits: connectionLimits, loop: workers[nextWorker],
      header: header, received: received)
    nextWorker = (nextWorker + 1) % workers.count
    connections[ObjectIdentifier(connection)] = connection
    peers[connection.peer.withoutPort, default: 0] += 1
    guard let start else { return }
    connection.onItsLoop { [self] in start($0, self) }
  }

  /// The cap that one more connection would exceed; `peer` is `nil` while its address is not known.
  private func exceededCap(by peer: SocketAddress?) -> ConnectionCap? {
    if connections.count + handshakes.count >= limits.connections { return .total }
    guard let peer else { return nil }
    return peers[peer.withoutPort, default: 0] >= limits.connectionsPerPeer ? .perPeer : nil
  }

  private func refuse(_ socket: consuming Socket, of peer: SocketAddress, because cap: ConnectionCap) {
    socket.resetOnClose()
    report(peer: peer, ConnectionError.refused(cap))
  }

  // MARK: Behind a proxy

  private func awaitHeader(of socket: consuming Socket, from proxy: SocketAddress) throws(SystemError) {
    let handshake = ProxyHandshake(socket, peer: proxy, loop: loop)
    handshakes[ObjectIdentifier(handshake)] = handshake
    do throws(SystemError) {
      try handshake.begin(timeout: limits.connection.handshakeTime) { [self] handshake, outcome in
        handshakes[ObjectIdentifier(handshake)] = nil
        switch consume outcome {
        case .finished(let socket, let header, let rest):
          let peer = header.source ?? proxy
          if let cap = exceededCap(by: peer) { return refuse(socket, of: peer, because: cap) }
          serve(socket, peer: peer, header: SharedHeader(header), received: rest)
        case .failed(let error): onFailure(ConnectionFailure(peer: proxy, error: error))
        case .abandoned: break
        }
      }
    } catch {
      handshakes[ObjectIdentifier(handshake)] = nil
      throw error
    }
  }

  /// Tells of what concerns the listener, or peers that come in crowds: once a second.
  private func report(peer: SocketAddress?, _ error: any Error) {
    guard loop.now >= quietUntil else { return }
    quietUntil = loop.now + Self.quietTime
    onFailure(ConnectionFailure(peer: peer, error: error))
  }

  /// Level-triggered readiness would come again at once and at every turn: wait until descriptors may be free. Those who
  /// wait to be accepted are served then.
  private func pauseAccepting() {
    guard let token, let descriptor = socket?.descriptor else { return }
    watch(token, descriptor, [])
    let delay = pause
    pause = min(pause * 2, Self.longestPause)
    _ = loop.schedule(after: delay) { [self] in
      guard let token = self.token, let descriptor = socket?.descriptor else { return }
      watch(token, descriptor, .readable)
    }
  }

  private func watch(_ token: UInt64, _ descriptor: CInt, _ interest: Interest) {
    do throws(SystemError) {
      try loop.change(token, descriptor: descriptor, interest: interest)
    } catch {
      onFailure(ConnectionFailure(peer: nil, error: error))
    }
  }

  /// Whether the peer, or the network, gave up while the connection waited to be accepted (accept(2)).
  private static func concernsOneConnection(_ error: SystemError) -> Bool {
    error.isPeerGone || [EPROTO, ENETDOWN, EHOSTDOWN, ENOPROTOOPT].contains(error.code)
  }
}
