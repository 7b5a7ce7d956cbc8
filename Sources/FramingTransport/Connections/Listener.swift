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
  private var isShuttingDown = false

  /// Connections to accept in one turn at the most, so that those that are open have theirs.
  private static let acceptsPerTurn = 64
  /// How long to leave waiting connections alone when the system is out of descriptors or memory.
  private static let pauseAfterExhaustion = Duration.milliseconds(100)

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
    precondition(self.start == nil, "a server runs once")
    self.start = start
    guard !isShuttingDown, let descriptor = socket?.descriptor else { return completion.resume() }
    do throws(SystemError) {
      token = try loop.add(self, descriptor: descriptor, interest: .readable)
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
  func closed(_ connection: FramedConnection, failure: ConnectionFailure?) {
    connections[ObjectIdentifier(connection)] = nil
    if let failure { onFailure(failure) }
    completeIfDone()
  }

  /// The task that served a connection has ended, and the connection is closed.
  func ended(_ connection: isolated FramedConnection, failure: ConnectionFailure?) {
    closed(connection, failure: failure)
  }

  private func completeIfDone() {
    guard isShuttingDown, connections.isEmpty, let completion else { return }
    self.completion = nil
    completion.resume()
  }

  // MARK: Accepting

  nonisolated func flush() {}

  func ready(_ readiness: Readiness) {
    for _ in 0..<Self.acceptsPerTurn {
      do throws(SystemError) {
        guard let accepted = try socket?.accept() else { return }
        if accepted.peer.family != .unix { try accepted.socket.set(.noDelay) }
        let peer = accepted.peer
        serve(FramedConnection(accepted.socket, peer: peer, framing: framing, loop: loop))
      } catch {
        if Self.meansExhaustion(error) {
          onFailure(ConnectionFailure(peer: nil, error: error))
          return pause()
        }
        // The peer gave up while it waited (ECONNABORTED, or an option refused by a dead socket): the next one.
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
    try? loop.change(token, descriptor: descriptor, interest: [])
    _ = loop.schedule(after: Self.pauseAfterExhaustion) { [self] in
      guard let token = self.token, let descriptor = socket?.descriptor else { return }
      try? loop.change(token, descriptor: descriptor, interest: .readable)
    }
  }

  private static func meansExhaustion(_ error: SystemError) -> Bool {
    [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.code)
  }
}
