import CSystemShims
import Framing
import Synchronization

/// The listening socket of a server, the connections that came from it, and the phases that both go through.
///
/// How connections are accepted is in Listener+Accept.swift.
// Unchecked: everything but `init` and the nonisolated counters happens on the loop's thread, which `EventLoop` proves at
// its entries.
final class Listener: EventSource, @unchecked Sendable {
  /// A loop that connections are given to, and what those on it share.
  struct Worker {
    let loop: EventLoop
    let settings: ConnectionSettings
    let counters: CounterBank
  }

  let loop: EventLoop
  /// Connections go to them in turn; the listener's own loop is the first.
  let workers: [Worker]
  let framing: ConnectionFraming
  /// Who has to say first, in a PROXY header, for whom it speaks.
  let proxies: TrustedAddresses?
  let limits: ServerLimits
  let onEvent: @Sendable (ServerEvent) -> Void

  var socket: Socket?
  var token: UInt64?
  var connections = Roster<FramedConnection>()
  /// Connections whose PROXY header has yet to come.
  var handshakes = Roster<ProxyHandshake>()
  /// How many of the connections each address has.
  var peers: [SocketAddress: Int] = [:]
  var nextWorker = 0
  // What accepting has met with; see Listener+Accept.swift.
  var starvation: Starvation
  var refusals: [ConnectionCap: EventThrottle] = [:]
  var failures = EventThrottle()

  private var service: ConnectionService?
  private var onStart: (@Sendable (isolated FramedConnection) -> Void)?
  private var completion: CheckedContinuation<Void, any Error>?
  private var hasRun = false
  private var drain = DrainState()
  private var drainTimer: LoopTimer?
  private var isAdvancing = false
  private let phaseNumber = Atomic(ServerPhase.starting.rawValue)
  private var onStop: [@Sendable () -> Void] = []

  init(
    _ socket: consuming Socket, framing: ConnectionFraming, limits: ServerLimits, loops: [EventLoop],
    proxies: TrustedAddresses?, onEvent: @escaping @Sendable (ServerEvent) -> Void
  ) {
    self.socket = .some(socket)
    self.framing = framing
    self.limits = limits
    self.loop = loops[0]
    self.workers = loops.map { loop in
      let counters = CounterBank()
      return Worker(
        loop: loop, settings: ConnectionSettings(limits.connection, counters: counters), counters: counters)
    }
    self.proxies = proxies
    self.onEvent = onEvent
    precondition(
      limits.connections >= 0 && limits.connectionsPerPeer >= 0,
      "a server cannot have fewer than no connections")
    starvation = Starvation(patience: limits.connection.handshakeTime, system: loops[0].system)
  }

  /// A server that nobody runs goes without having stopped.
  deinit { for action in onStop { action() } }

  // MARK: From any thread

  var phase: ServerPhase { ServerPhase(rawValue: phaseNumber.load(ordering: .relaxed)) ?? .stopped }

  var counters: ServerCounters { ServerCounters(workers.map(\.counters)) }

  /// Where the listener itself counts: on its own loop.
  var bank: CounterBank { workers[0].counters }

  // MARK: Running

  /// Serves until the server stops.
  ///
  /// - Parameters:
  ///   - service: What is done with the connections.
  ///   - completion: Resumed when the server has stopped.
  ///   - onStart: Told of each connection that is about to be served.
  func run(
    _ service: ConnectionService, until completion: CheckedContinuation<Void, any Error>? = nil,
    onStart: @escaping @Sendable (isolated FramedConnection) -> Void
  ) {
    precondition(!hasRun, "a server runs once")
    hasRun = true
    self.completion = completion
    guard drain.phase == .starting, let descriptor = socket?.descriptor else { return complete() }
    do throws(SystemError) {
      token = try loop.add(self, descriptor: descriptor, interest: .readable)
      self.service = service
      self.onStart = onStart
      drain.run()
      entered(.ready)
    } catch {
      // Peers would connect, and wait for nobody.
      close()
      drain.stop()
      entered(.stopped)
      complete(after: error)
    }
  }

  /// Serves a connection on the next loop.
  func serve(
    _ socket: consuming Socket, peer: SocketAddress, header: SharedHeader? = nil, received: [UInt8] = []
  ) {
    guard let service, let onStart else { return }
    let worker = workers[nextWorker]
    nextWorker = (nextWorker + 1) % workers.count
    let connection = FramedConnection(
      socket, peer: peer, framing: framing, settings: worker.settings, loop: worker.loop, header: header,
      received: received)
    connections.add(connection)
    peers[peer.withoutPort, default: 0] += 1
    bank.add(.open)
    let isFinishing = drain.phase == .finishing
    connection.onItsLoop { connection in
      onStart(connection)
      connection.start(service)
      if isFinishing { connection.drain() }
    }
  }

  /// A connection is closed, and its handler has ended. From the thread of any worker.
  func closed(_ connection: FramedConnection) {
    if loop.isCurrent { remove(connection) } else { loop.execute { [self] in remove(connection) } }
  }

  private func remove(_ connection: FramedConnection) {
    if connections.remove(connection) {
      bank.add(.open, -1)
      let host = connection.peer.withoutPort
      let count = peers[host, default: 1] - 1
      peers[host] = count > 0 ? count : nil
    }
    advance()
  }

  /// Tells of what went wrong with a connection.
  func report(_ error: any Error, of connection: FramedConnection) {
    onEvent(.connectionFailed(peer: connection.peer, error))
  }

  // MARK: Stopping

  func shutdown(_ drain: Drain) {
    self.drain.begin(drain, now: loop.system.now())
    advance()
  }

  /// Has `action` run when the server has stopped; at once if it has.
  func whenStopped(_ action: @escaping @Sendable () -> Void) {
    if drain.phase == .stopped { action() } else { onStop.append(action) }
  }

  /// Enters the phases whose time has come, and sets the timer for the next.
  func advance() {
    // Connections may end while a phase is entered; whoever enters it asks again.
    if isAdvancing { return }
    isAdvancing = true
    defer { isAdvancing = false }
    while let phase = drain.advance(
      now: loop.system.now(), isEmpty: connections.isEmpty && handshakes.isEmpty)
    {
      enter(phase)
    }
    if let drainTimer { loop.cancel(drainTimer) }
    drainTimer = drain.deadline.map { deadline in
      loop.schedule(at: deadline) { [self] in
        drainTimer = nil
        advance()
      }
    }
  }

  private func enter(_ phase: ServerPhase) {
    entered(phase)
    switch phase {
    case .starting, .ready, .draining: break
    case .finishing:
      // Those who wait to be accepted may have sent their message already; closing would reset them.
      if token != nil { acceptAll() }
      close()
      for handshake in handshakes.inOrder { handshake.drain() }
      for connection in connections.inOrder { connection.onItsLoop { $0.drain() } }
    case .cutting:
      for handshake in handshakes.inOrder { handshake.cancel() }
      handshakes.removeAll()
      for connection in connections.inOrder { connection.onItsLoop { $0.cut() } }
    case .stopped: complete()
    }
  }

  private func entered(_ phase: ServerPhase) {
    phaseNumber.store(phase.rawValue, ordering: .relaxed)
    onEvent(.entered(phase, connections: connections.count + handshakes.count))
  }

  private func close() {
    if let token, let descriptor = socket?.descriptor { loop.remove(token, descriptor: descriptor) }
    token = nil
    socket = nil
    starvation.close()
  }

  private func complete(after error: SystemError? = nil) {
    (service, onStart) = (nil, nil)  // They may hold the server, which holds this.
    for action in onStop { action() }
    onStop = []
    guard let completion else { return }
    self.completion = nil
    if let error { completion.resume(throwing: error) } else { completion.resume() }
  }
}
