import CSystemShims
import Framing

/// The listening socket of a server, and the connections that came from it.
// Unchecked: everything but `init` happens on the loop's thread, which `EventLoop` proves at its entries.
final class Listener: EventSource, @unchecked Sendable {
  let loop: EventLoop
  private let framing: ConnectionFraming
  private let onFailure: @Sendable (ConnectionFailure) -> Void

  private var socket: Socket?
  private var token: UInt64?
  private var connections: [ObjectIdentifier: FramedConnection] = [:]
  private var start: (@Sendable (isolated FramedConnection, Listener) -> Void)?
  private var completion: CheckedContinuation<Void, any Error>?
  private var hasRun = false
  private var isShuttingDown = false

  /// Connections to accept in one turn at the most, so that those that are open have theirs.
  private static let acceptsPerTurn = 64
  /// How long to leave waiting connections alone when accepting fails, as without free descriptors.
  private static let pauseAfterFailure = Duration.milliseconds(100)

  init(
    _ socket: consuming Socket, framing: ConnectionFraming, loop: EventLoop,
    onFailure: @escaping @Sendable (ConnectionFailure) -> Void
  ) {
    self.socket = .some(socket)
    self.framing = framing
    self.loop = loop
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
    for connection in connections.values { connection.enter { $0.stop() } }
    completeIfDone()
  }

  /// A connection with a synchronous handler is closed.
  func closed(_ connection: FramedConnection) {
    connections[ObjectIdentifier(connection)] = nil
    completeIfDone()
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
        // A dead peer's socket refuses the option, and tells why when it is read.
        if accepted.peer.family != .unix { try? accepted.socket.set(.noDelay) }
        let peer = accepted.peer
        serve(FramedConnection(accepted.socket, peer: peer, framing: framing, loop: loop))
      } catch {
        if Self.concernsOneConnection(error) { continue }
        onFailure(ConnectionFailure(peer: nil, error: error))
        return pause()
      }
    }
  }

  private func serve(_ connection: FramedConnection) {
    connections[ObjectIdentifier(connection)] = connection
    connection.enter { start?($0, self) }
  }

  /// Level-triggered readiness would come again at once and at every turn: wait until descriptors may be free.
  private func pause() {
    guard let token, let descriptor = socket?.descriptor else { return }
    watch(token, descriptor, [])
    _ = loop.schedule(after: Self.pauseAfterFailure) { [self] in
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
