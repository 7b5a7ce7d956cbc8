import CSystemShims

/// Where to connect to.
@usableFromInline
enum ConnectTarget: Sendable {
  case address(SocketAddress)
  case host(String, port: UInt16)
}

/// Connects to an address, or to one of the addresses of a host: carries out what ``HappyEyeballs`` say.
///
/// Every descriptor that it opens is closed before it tells the outcome, but for the one of the connection.
///
/// An actor of the loop: who waits for it does so there, and goes on there without a hop with the connection it has got.
actor Connector {
  typealias Outcome = Result<FramedConnection, ConnectionError>

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private let loop: EventLoop
  private let framing: ConnectionFraming
  private let options: ConnectOptions
  private let limits: ConnectionLimits
  private var eyeballs = HappyEyeballs([])
  /// The attempts that are pending, by their number.
  private var pending: [Int: Attempt] = [:]
  private var query: AddressQuery?
  private var delayTimer: LoopTimer?
  private var limitTimer: LoopTimer?
  private var waiting: CheckedContinuation<Outcome, Never>?

  init(framing: ConnectionFraming, limits: ConnectionLimits, options: ConnectOptions, on loop: EventLoop) {
    self.loop = loop
    self.framing = framing
    self.options = options
    self.limits = limits
  }

  /// Connects, once.
  func connect(to target: ConnectTarget) async throws(ConnectionError) -> FramedConnection {
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        precondition(waiting == nil, "a connector connects once")
        waiting = continuation
        // What the handler has the loop do comes later: nothing is to be opened until then.
        if Task.isCancelled { finish(.failure(.cancelled)) } else { begin(target) }
      }
    } onCancel: {
      loop.execute { self.assumeIsolated { $0.finish(.failure(.cancelled)) } }
    }
    return try outcome.get()
  }

  /// Connects, once, and gives the connection to `body`; see ``FramedConnection/use(_:)``.
  func connect<Result: Sendable>(
    to target: ConnectTarget, _ body: @Sendable (isolated FramedConnection) async throws -> Result
  ) async throws -> Result {
    try await connect(to: target).use(body)
  }

  private func begin(_ target: ConnectTarget) {
    if let time = limits.connectTime {
      limitTimer = loop.schedule(after: time) { [self] in timeEnded() }
    }
    switch target {
    case .address(let address): begin([address])
    case .host(let host, let port):
      if let literal = SocketAddress(host: host, port: port) { return begin([literal]) }
      let query = AddressQuery(host: host, port: port) { [self] answer in
        loop.execute { self.assumeIsolated { $0.resolved(answer) } }
      }
      self.query = query
      loop.system.resolve(query)
    }
  }

  private func resolved(_ answer: AddressQuery.Answer) {
    guard query != nil else { return }  // Given up while the answer was on its way to the loop.
    query = nil
    switch answer {
    case .success(let addresses): begin(addresses)
    case .failure(let error): finish(.failure(.unknownHost(error)))
    }
  }

  private func begin(_ addresses: [SocketAddress]) {
    eyeballs = HappyEyeballs(addresses)
    perform(eyeballs.begin())
  }

  private func timeEnded() {
    limitTimer = nil
    if query != nil { return finish(.failure(.timedOut(.connect))) }
    perform(eyeballs.handle(.timeEnded))
  }

  // MARK: Attempts

  private func perform(_ actions: [HappyEyeballs.Action]) {
    var failure: HappyEyeballs.Event?
    for action in actions {
      switch action {
      case .begin(let number):
        do throws(SystemError) { try beginAttempt(number) } catch { failure = .failed(number, error) }
      case .startDelay: startDelay()
      case .abandon(let number): _ = close(number)
      case .win(let number):
        guard waiting != nil, let socket = close(number) else { return }
        finish(made(of: socket, peer: eyeballs.attempts[number].address))
      case .lose: finish(.failure(reason))
      }
    }
    if let failure { perform(eyeballs.handle(failure)) }
  }

  private func beginAttempt(_ number: Int) throws(SystemError) {
    let attempt = Attempt(number: number, peer: eyeballs.attempts[number].address, of: self)
    do throws(SystemError) {
      try attempt.begin(on: loop, options: options.socket, deadPeer: limits.deadPeer)
    } catch {
      guard error.code == EAGAIN, attempt.peer.family == .unix else { throw error }
      return beginAgainLater(number)
    }
    pending[number] = attempt
  }

  /// A Unix socket whose server has a full queue answers so at once, where TCP would ask again by itself.
  private func beginAgainLater(_ number: Int) {
    _ = loop.schedule(after: .milliseconds(10)) { [self] in
      if waiting != nil { perform([.begin(number)]) }
    }
  }

  /// Ends an attempt; answers its socket.
  private func close(_ number: Int) -> Socket? { pending.removeValue(forKey: number)?.end(on: loop) }

  private func startDelay() {
    if let delayTimer { loop.cancel(delayTimer) }
    delayTimer = loop.schedule(after: options.effectiveDelay) { [self] in
      delayTimer = nil
      perform(eyeballs.handle(.delayEnded))
    }
  }

  /// The socket of an attempt is ready: connecting is over, one way or the other.
  fileprivate func ready(_ attempt: Attempt) {
    switch attempt.outcome() {
    case .success(true): perform(eyeballs.handle(.connected(attempt.number)))
    case .success(false): break
    case .failure(let error):
      _ = close(attempt.number)
      perform(eyeballs.handle(.failed(attempt.number, error)))
    }
  }

  // MARK: The end

  /// Why none has connected: the reason itself if there was one address, all of them if there were several.
  private var reason: ConnectionError {
    let attempts = eyeballs.attempts
    guard attempts.count == 1 else { return .unreachable(attempts) }
    if case .failed(let error) = attempts[0].outcome { return .system(error) }
    return .timedOut(.connect)
  }

  /// The connection, which begins to read; fails if the loop cannot watch the socket.
  private func made(of socket: consuming Socket, peer: SocketAddress) -> Outcome {
    let connection = FramedConnection(
      socket, peer: peer, framing: framing, settings: ConnectionSettings(limits), loop: loop)
    return connection.enter { connection in
      connection.updateInterest()
      return connection.failure.map { .failure($0) } ?? .success(connection)
    }
  }

  /// Tells the outcome, the first one; ends whatever is pending.
  private func finish(_ outcome: Outcome) {
    query?.cancel()
    query = nil
    for timer in [delayTimer, limitTimer] { if let timer { loop.cancel(timer) } }
    (delayTimer, limitTimer) = (nil, nil)
    for number in pending.keys.sorted() { _ = close(number) }
    waiting.take()?.resume(returning: outcome)
  }
}

/// A socket that connects.
// Unchecked: touched on the thread of the loop only, by its connector and by `ready`.
private final class Attempt: EventSource, @unchecked Sendable {
  let number: Int
  let peer: SocketAddress
  private let connector: Connector
  private var socket: Socket?
  private var token: UInt64?

  init(number: Int, peer: SocketAddress, of connector: Connector) {
    self.number = number
    self.peer = peer
    self.connector = connector
  }

  func begin(on loop: EventLoop, options: SocketOptions, deadPeer: SocketOption?) throws(SystemError) {
    let socket = try Socket.connecting(to: peer, options: options, system: loop.system)
    // A socket that was refused at once does not take it, and says so when it is waited for.
    if peer.family != .unix, let deadPeer { try? socket.set(deadPeer) }
    token = try loop.add(self, descriptor: socket.descriptor, interest: .writable)
    self.socket = .some(socket)
  }

  /// The loop forgets the socket, whose owner is the caller from now on.
  func end(on loop: EventLoop) -> Socket? {
    if let token, let descriptor = socket?.descriptor { loop.remove(token, descriptor: descriptor) }
    token = nil
    return socket.take()
  }

  /// Whether the socket has connected; not, if it was ready for no reason.
  func outcome() -> Result<Bool, SystemError> {
    if let code = socket?.takeError() {
      return .failure(SystemError(call: "connect", code: code, subject: "\(peer)"))
    }
    return .success(socket?.isConnected() ?? false)
  }

  nonisolated func flush() {}

  func ready(_ readiness: Readiness) { connector.assumeIsolated { $0.ready(self) } }
}
