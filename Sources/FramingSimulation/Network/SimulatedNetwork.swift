import CSystemShims
import FramingTransport
import Synchronization

/// A network in one process and one thread, in virtual time, on which servers and clients run as they are.
///
/// ```swift
/// let network = SimulatedNetwork(seed: 7)
/// try network.run {
///   let server = try FramedServer(at: .loopback(port: 0), framer: LineFramer())
///   async let serving: Void = server.run { connection in
///     for try await line in connection.messages { try await connection.send(line) }
///   }
///   try await FramedConnection.withConnection(to: server.address, framer: LineFramer()) { connection in
///     try await connection.send("hello".utf8)
///     guard try await connection.receive() == Array("hello".utf8) else { throw Wrong() }
///   }
///   server.shutdown()
///   try await serving
/// }
/// ```
///
/// The transport's own code runs, down to the system calls; behind those stands a kernel that is a data structure. It
/// chooses by its seed how long bytes travel, in which pieces they arrive, who goes on next, and which calls fail.
/// The same seed has the same run, byte for byte. ``explore(seeds:conditions:selector:_:)`` has many.
///
/// What is simulated is what runs on ``loop`` and other loops of this network: child tasks (`async let`, task groups), and
/// `Task(executorPreference: network.loop)`. A plain `Task { }`, `Task.sleep` and other threads are not: they take
/// their own time, in their own order. If they have a part in a run, ``isRepeatable`` is false.
public final class SimulatedNetwork: Sendable {
  /// What all choices follow from.
  public let seed: UInt64
  /// What the network is like.
  public let conditions: NetworkConditions
  /// The loop that the body of ``run(_:)`` runs on, and all that names no loop.
  public let loop: EventLoop

  package let kernel: SimulatedKernel
  private let driver: Driver
  /// How long to wait, in truth, for threads that are no part of the simulation, when nothing can happen in it.
  private let patience: Duration

  /// A network of its own; nothing of another one can be reached from it.
  ///
  /// - Parameters:
  ///   - seed: What all choices follow from.
  ///   - conditions: What the network is like; chosen by the seed unless told otherwise.
  ///   - plan: Which calls meet which faults; those of the conditions, by chance, unless told otherwise.
  ///   - selector: How its loops wait.
  public convenience init(
    seed: UInt64, conditions: NetworkConditions? = nil, plan: FaultPlan? = nil,
    selector: SelectorKind = .epoll
  ) {
    self.init(
      seed: seed, conditions: conditions, plan: plan, selector: selector, patience: .seconds(1),
      isTraced: false)
  }

  package init(
    seed: UInt64, conditions: NetworkConditions?, plan: FaultPlan?, selector: SelectorKind = .epoll,
    patience: Duration = .zero, isTraced: Bool = false
  ) {
    self.patience = patience
    var conditions = conditions ?? NetworkConditions(seed: seed)
    if plan != nil { conditions.faults = .none }
    self.seed = seed
    self.conditions = conditions
    kernel = SimulatedKernel(
      seed: seed, conditions: conditions, plan: plan ?? FaultPlan(), isTraced: isTraced)
    driver = Driver(kernel)
    kernel.state.withLock {
      $0.isDriven = true
      $0.injector.isActive = false
    }
    do throws(SystemError) {
      loop = try EventLoop(selector: selector, system: kernel, driver: driver)
    } catch {
      preconditionFailure("a simulated loop could not be made: \(error)")
    }
    kernel.state.withLock { $0.injector.isActive = true }
  }

  deinit {
    // The kernel and its loops hold each other. Not under the lock, and without this the optimizer lets go of them there:
    // loops that go close their descriptors.
    let loops = kernel.state.withLock { state in
      defer { state.scheduler.seats = [] }
      return state.scheduler.seats.map(\.loop)
    }
    withExtendedLifetime(loops) {}
  }

  /// One more loop, as a machine or a thread of its own.
  ///
  /// - Throws: `SystemError`, if that is what the plan or the seed says.
  public func makeLoop() throws(SystemError) -> EventLoop {
    try EventLoop(selector: loop.selectorKind, system: kernel, driver: driver)
  }

  /// Makes a host known by name, for connections that name one. Nobody else is known.
  ///
  /// - Parameters:
  ///   - name: The name, as connections give it.
  ///   - addresses: In the order in which they are to be tried; their ports do not matter.
  public func addHost(_ name: String, addresses: [SocketAddress]) {
    kernel.state.withLock { $0.world.hosts.append((name, addresses)) }
  }

  /// How much time has passed in the simulation.
  public var time: Duration { .nanoseconds(kernel.now() - World.beginning) }

  /// The faults that were met so far.
  public var plan: FaultPlan { kernel.state.withLock { $0.injector.met } }

  /// Whether the seed and ``plan`` are all that the run so far followed from: no other thread has had a part in it.
  public var isRepeatable: Bool { kernel.state.withLock { $0.foreignJobs == 0 } }

  // MARK: Running

  /// How many turns may be made while nothing is delivered and no time passes.
  static let turnsForNothing = 20_000

  /// Runs `body` on ``loop`` until it returns and all that it has begun has come to its end.
  ///
  /// Returns when nothing can happen any more. Blocks the calling thread meanwhile, which does all the work: call it from
  /// wherever you like, an asynchronous test included, but not from within itself.
  ///
  /// - Parameter body: What to run. Loops need not be named in it: connections and servers that name none use ``loop``.
  /// - Returns: What `body` returns.
  /// - Throws: ``SimulationFailure`` if the body throws, or waits for what cannot happen, or leaves a socket open.
  public func run<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
  ) throws(SimulationFailure) -> Result {
    try run(before: { _ in }, body)
  }

  /// As ``run(_:)``; `step` is called before each step that the simulation makes, with its number.
  package func run<Result: Sendable>(
    before step: (_ number: Int) -> Void, _ body: @escaping @Sendable () async throws -> Result
  ) throws(SimulationFailure) -> Result {
    let outcome = Outcome<Result>()
    kernel.state.withLock { $0.thread = UInt(csys_thread_current()) }
    let task = EventLoop.$ofTask.withValue(loop) {
      Task(executorPreference: loop) {
        do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
      }
    }
    do throws(SimulationFailure.Stop) {
      try drive(until: { outcome.value != nil }, patience: patience, before: step)
    } catch {
      let failure = failure(error == .quiet ? .stalled : .spins)
      // What waits is given the chance to end.
      task.cancel()
      try? drive(until: { false })
      throw failure
    }
    var spins = false
    do throws(SimulationFailure.Stop) { try drive(until: { false }) } catch { spins = error == .endless }
    switch outcome.value {
    case .failure(let error)?: throw failure(.threw(error))
    case .success(let result)?:
      if spins { throw failure(.spins) }
      if let reason = leftovers { throw failure(reason) }
      return result
    case nil: throw failure(.stalled)
    }
  }

  private var leftovers: SimulationFailure.Reason? {
    kernel.state.withLock { state in
      if let descriptor = state.closedTwice.first { return .closedTwice(descriptor) }
      let open = state.world.openSockets
      if !open.isEmpty { return .leftOpen(open) }
      let watched = state.world.registrationCount
      return watched == 0 ? nil : .broken("\(watched) files that are not open are watched")
    }
  }

  /// A failure of this run.
  package func failure(_ reason: SimulationFailure.Reason) -> SimulationFailure {
    SimulationFailure(
      reason: reason, seed: seed, plan: plan, time: time,
      trace: kernel.state.withLock { $0.trace ?? [] }.suffix(40))
  }

  /// Lets things happen until `isDone` or nothing can happen any more.
  private func drive(
    until isDone: () -> Bool, patience: Duration = .zero, before step: (_ number: Int) -> Void = { _ in }
  ) throws(SimulationFailure.Stop) {
    var turns = 0
    var steps = 0
    while !isDone() {
      step(steps)
      steps += 1
      let jobs = kernel.state.withLock { $0.foreignJobs }
      switch kernel.nextStep() {
      case .begin(let loop, let seat):
        let timeout = loop.beginDrivenTurn()
        let deadline = timeout.map { kernel.now() + $0 }
        loop.endDrivenTurn(timeout: timeout)
        kernel.settle(seat, deadline: deadline)
      case .resume(let loop, let seat, let timeout):
        let deadline = timeout.map { kernel.now() + $0 }
        loop.endDrivenTurn(timeout: timeout)
        kernel.settle(seat, deadline: deadline)
      case .delivered, .timePassed: turns = 0
      case .quiet: if !isWokenFromOutside(since: jobs, within: patience) { throw .quiet }
      }
      turns += 1
      if turns > Self.turnsForNothing { throw .endless }
    }
  }

  /// Waits, in truth, until a thread that is no part of the simulation has something for it, or patience is at its end.
  ///
  /// - Parameter before: How many such jobs there were before nothing was found to do.
  private func isWokenFromOutside(since before: Int, within patience: Duration) -> Bool {
    let start = ContinuousClock.now
    while true {
      if kernel.state.withLock({ $0.foreignJobs }) != before { return true }
      if ContinuousClock.now - start >= patience { return false }
      _ = Kernel.real.poll(.init(start: nil, count: 0), timeout: 1_000_000)
    }
  }
}

extension SimulationFailure {
  /// Why driving ended.
  enum Stop: Error {
    case quiet, endless
  }
}

/// Takes the loops of a network in.
private final class Driver: LoopDriver {
  private let kernel: SimulatedKernel
  init(_ kernel: SimulatedKernel) { self.kernel = kernel }

  func adopt(_ loop: EventLoop) { kernel.state.withLock { $0.scheduler.seats.append(.init(loop: loop)) } }
  func submitted() { kernel.state.withLock { if $0.isForeign { $0.foreignJobs += 1 } } }
}

/// What has become of a body.
private final class Outcome<Value: Sendable>: Sendable {
  private let content = Mutex<Result<Value, any Error>?>(nil)
  var value: Result<Value, any Error>? { content.withLock { $0 } }
  func set(_ value: Result<Value, any Error>) { content.withLock { $0 = value } }
}
