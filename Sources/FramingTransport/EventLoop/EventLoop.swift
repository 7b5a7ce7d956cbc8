import CSystemShims
import Framing
import Synchronization

// Unchecked Sendable below: `inbox` is a lock, `threadID` and `counts` are atomic; all else is touched on the loop's
// thread only, which `precondition`s at the entries prove in every build.

/// One thread that waits for sockets and runs what they make ready.
///
/// A turn of the loop: run the jobs, send what they queued, wait for sockets and timers, serve those that are ready.
/// Every connection belongs to one loop and is touched on its thread only: the loop is the executor of the actor
/// ``FramedConnection``, and of the tasks that serve it, so they do not hop.
///
/// The thread lives as long as there is something to wait for or to run, and a moment longer; a loop that nobody
/// uses holds none. There is nothing to shut down.
public final class EventLoop: TaskExecutor, SerialExecutor, @unchecked Sendable {
  /// Which way of waiting the loop uses.
  public var selectorKind: SelectorKind { selector.kind }

  /// A loop with the given way of waiting; without one, with that of the environment variable `FRAMING_SELECTOR`, or
  /// else with the best that can be had here.
  ///
  /// - Throws: ``SystemError`` if what was asked for cannot be had, or nothing can.
  public convenience init(selector kind: SelectorKind? = nil) throws(SystemError) {
    try self.init(selector: kind, system: Kernel.real)
  }

  /// As above, over the given kernel.
  ///
  /// - Parameter idleTime: How long a thread that has nothing to do stays for the next user, in nanoseconds.
  package init(
    selector kind: SelectorKind?, system: any SystemCalls, idleTime: Int64 = 1_000_000_000
  ) throws(SystemError) {
    self.system = system
    isReal = system === Kernel.real
    self.idleTime = idleTime
    driver = nil
    selector = try SelectorKind.make(kind, system: system)
  }

  /// A loop without a thread of its own: `driver` turns it; see EventLoop+Driven.swift.
  package init(selector kind: SelectorKind?, system: any SystemCalls, driver: any LoopDriver)
    throws(SystemError)
  {
    self.system = system
    isReal = system === Kernel.real
    self.driver = driver
    idleTime = 0
    selector = try SelectorKind.make(kind, system: system)
    inbox.withLock { $0.hasThread = true }
    driver.adopt(self)
  }

  /// A loop that waits in the same way, over the same kernel.
  func another() throws(SystemError) -> EventLoop {
    if let driver { return try EventLoop(selector: selectorKind, system: system, driver: driver) }
    return try EventLoop(selector: selectorKind, system: system, idleTime: idleTime)
  }

  /// The loop to use in a task if none is named; the shared one without it. Not a setting for users: those name a loop.
  @TaskLocal package static var ofTask: EventLoop?

  /// The loop to use if none is `given`: one for all, made when it is needed first.
  @usableFromInline
  static func shared(or given: EventLoop? = nil) throws(SystemError) -> EventLoop {
    if let loop = given ?? ofTask { return loop }
    let result = sharedLoop.withLock { loop -> Result<EventLoop, SystemError> in
      if let loop { return .success(loop) }
      do throws(SystemError) {
        let new = try EventLoop()
        loop = new
        return .success(new)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static let sharedLoop = Mutex<EventLoop?>(nil)

  package let system: any SystemCalls
  /// Whether that is the kernel of this machine, and not what takes its place, as a simulated one.
  let isReal: Bool
  private let selector: any Selector
  /// Who turns the loop, if it has no thread of its own.
  private weak let driver: (any LoopDriver)?

  // MARK: Jobs, from any thread

  private enum Job {
    case task(UnownedJob)
    case action(@Sendable () -> Void)
  }

  private struct Inbox {
    var jobs: [Job] = []
    var hasThread = false
    /// Whether the thread may be waiting, so that somebody has to wake it.
    var isWaiting = false
  }

  private let inbox = Mutex(Inbox())
  private let threadID = Atomic<UInt>(0)
  private let counts = LoopCounterStore()

  /// What the loop has done so far, and what it waits for. From any thread, without stopping the loop.
  public var counters: LoopCounters { counts.values }

  /// Whether the caller runs on this loop's thread.
  public var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(csys_thread_current()) }

  /// Takes a job of a task that runs on this loop, or of an actor that belongs to it.
  public func enqueue(_ job: consuming ExecutorJob) { submit(.task(UnownedJob(job))) }

  /// Traps unless the caller runs on this loop's thread.
  public func checkIsolated() { precondition(isCurrent, "not on the thread of the event loop") }

  /// Whether the caller runs on this loop's thread.
  public func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Runs `action` on the loop's thread, soon; never at once.
  package func execute(_ action: @escaping @Sendable () -> Void) { submit(.action(action)) }

  private func submit(_ job: Job) {
    if isCurrent {
      jobs.append(job)
      return
    }
    let (wake, start) = inbox.withLock { inbox in
      inbox.jobs.append(job)
      defer { (inbox.isWaiting, inbox.hasThread) = (false, true) }
      return (inbox.isWaiting, !inbox.hasThread)
    }
    if start { startThread() } else if wake { selector.wake() }
    driver?.submitted()
  }

  private func startThread() {
    let code = csys_thread_start(
      { Unmanaged<EventLoop>.fromOpaque($0!).takeRetainedValue().run() },
      Unmanaged.passRetained(self).toOpaque())
    precondition(code == 0, "no thread could be started for an event loop: error \(code)")
  }

  // MARK: The loop, on its thread

  // Unchecked, as in `FramedConnection`: accessed several times a turn, by one thread, and no access lasts while somebody
  // else's code runs.

  /// Jobs from this thread; those from others come by way of the inbox.
  @exclusivity(unchecked) private var jobs: [Job] = []
  @exclusivity(unchecked) private var ready = ReadyList()
  @exclusivity(unchecked) private var timers = TimerQueue()
  @exclusivity(unchecked) private var sources = SourceTable()
  @exclusivity(unchecked) private var unflushed: [any EventSource] = []
  /// Whether the inbox was told that the thread waits, so that whoever has cleared that since has woken it.
  @exclusivity(unchecked) private var hasAnnouncedWait = false

  /// Memory to read into and to encode into, lent to one connection at a time so that idle ones hold none.
  @exclusivity(unchecked) package var inputBuffer = FrameBuffer()
  @exclusivity(unchecked) package var outputBuffer = FrameBuffer()

  /// More memory than this is not kept for the next connection.
  private static let keptBuffer = 4 << 20

  func trimBuffers() {
    if inputBuffer.capacity > Self.keptBuffer { inputBuffer.removeAll() }
    if outputBuffer.capacity > Self.keptBuffer { outputBuffer.removeAll() }
  }

  /// The time of this turn, in nanoseconds: when its wait ended. Good enough for limits, and asked for once.
  @exclusivity(unchecked) package private(set) var now: Int64 = 0

  private let idleTime: Int64

  private func run() {
    occupy()
    now = system.now()
    var idleSince: Int64?
    while true {
      beginTurn()
      let isIdle = sources.isEmpty && timers.isEmpty
      if !isIdle { idleSince = nil } else if idleSince == nil { idleSince = system.now() }
      if let idleSince, system.now() - idleSince >= idleTime, leave() { return }
      endTurn(timeout: timeout(idle: isIdle))
    }
  }

  /// From here on the calling thread is the loop's.
  func occupy() { threadID.store(UInt(csys_thread_current()), ordering: .relaxed) }

  /// From here on the loop has no thread.
  func vacate() { threadID.store(0, ordering: .relaxed) }

  /// Ends the thread unless there is work after all.
  private func leave() -> Bool {
    guard jobs.isEmpty else { return false }
    return inbox.withLock { inbox in
      guard inbox.jobs.isEmpty else { return false }
      inbox.hasThread = false
      vacate()
      return true
    }
  }

  /// The first half of a turn: runs the jobs, and sends what they queued.
  func beginTurn() {
    runJobs()
    while let source = unflushed.popLast() { source.flush() }
  }

  /// Runs the jobs that are there; those that they submit have their turn after the sockets.
  private func runJobs() {
    var wasWoken = false
    var batch: [Job] = []
    inbox.withLock { inbox in
      wasWoken = hasAnnouncedWait && !inbox.isWaiting
      inbox.isWaiting = false
      swap(&batch, &inbox.jobs)
    }
    hasAnnouncedWait = false
    counts.turned(wasWoken: wasWoken)
    if batch.isEmpty {
      if jobs.isEmpty { return }
      swap(&batch, &jobs)
    } else {
      batch.insert(contentsOf: jobs, at: 0)
      jobs.removeAll()
    }
    for job in batch {
      switch job {
      case .task(let job):
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      case .action(let action): action()
      }
    }
    if jobs.isEmpty {
      batch.removeAll(keepingCapacity: true)
      swap(&jobs, &batch)
    }
  }

  /// The second half of a turn: waits, serves the sockets that are ready, and fires the timers that are due.
  func endTurn(timeout: Int64?) {
    ready.removeAll()
    do throws(SystemError) {
      try selector.wait(timeout: timeout, into: &ready)
    } catch {
      // `select` and `poll` may have to allocate; the next turn tries again. A selector whose wait fails otherwise
      // cannot be used again, and nobody is there to be told.
      precondition(error.code == ENOMEM, "an event loop cannot wait: \(error)")
    }
    let before = now
    now = system.now()
    // Without waiting it is one long turn: the clock is asked once in it, here.
    if timeout == 0 { counts.busy(for: now - before, timers: timers.count, sockets: sources.count) }
    for place in 0..<ready.count {
      let event = ready[place]
      sources[event.token]?.ready(event.readiness)
    }
    while let target = timers.popDue(now) { target.timerFired() }
  }

  /// How long the turn may wait: not at all if there is work, else until the first timer is due; `nil` is without end.
  func timeout(idle: Bool) -> Int64? {
    let hasWork =
      !jobs.isEmpty || !unflushed.isEmpty
      || inbox.withLock { inbox in
        inbox.isWaiting = inbox.jobs.isEmpty
        return !inbox.isWaiting
      }
    if hasWork { return 0 }
    hasAnnouncedWait = true
    let time = system.now()
    counts.busy(for: time - now, timers: timers.count, sockets: sources.count)
    if let deadline = timers.nextDeadline { return max(0, deadline - time) }
    return idle ? idleTime : nil
  }

  // MARK: What connections and listeners ask of their loop

  /// Begins to watch `descriptor` for `source`, which the loop keeps alive until ``remove(_:descriptor:)``.
  package func add(_ source: any EventSource, descriptor: CInt, interest: Interest) throws(SystemError)
    -> UInt64
  {
    checkIsolated()
    let token = sources.insert(source)
    do throws(SystemError) {
      try selector.add(descriptor, interest: interest, token: token)
      return token
    } catch {
      sources.remove(token)
      throw error
    }
  }

  package func change(_ token: UInt64, descriptor: CInt, interest: Interest) throws(SystemError) {
    try selector.change(descriptor, interest: interest, token: token)
  }

  /// Watches `descriptor` no longer. Must precede its closing.
  package func remove(_ token: UInt64, descriptor: CInt) {
    selector.remove(descriptor)
    sources.remove(token)
  }

  /// Has `source` flush before the loop waits.
  package func flushSoon(_ source: any EventSource) { unflushed.append(source) }

  /// Runs `action` on the loop's thread after `delay`. On the loop only.
  package func schedule(after delay: Duration, _ action: @escaping () -> Void) -> LoopTimer {
    schedule(at: deadline(after: delay), action)
  }

  /// The time, on the clock of the loop, at which `delay` will have passed.
  func deadline(after delay: Duration) -> Int64 {
    let (time, overflow) = system.now().addingReportingOverflow(delay.nanoseconds)
    return overflow ? .max : time
  }

  /// Runs `action` on the loop's thread at a time of its clock. On the loop only.
  package func schedule(at deadline: Int64, _ action: @escaping () -> Void) -> LoopTimer {
    let timer = LoopTimer(action)
    setTimer(of: timer, at: deadline)
    return timer
  }

  /// Forgets a timer, if it has not fired. On the loop only.
  package func cancel(_ timer: LoopTimer) {
    cancelTimer(of: timer)
    timer.forget()
  }

  /// Tells `target`, which must not have a timer, at a time of the loop's clock. On the loop only.
  func setTimer(of target: any TimerTarget, at deadline: Int64) {
    checkIsolated()
    timers.add(target, at: deadline)
  }

  /// Forgets the timer of `target`, if it has one. On the loop only.
  func cancelTimer(of target: any TimerTarget) {
    checkIsolated()
    timers.cancel(target)
  }

  /// When the timer of `target` fires; `nil` without one. On the loop only.
  func timerDeadline(of target: any TimerTarget) -> Int64? {
    checkIsolated()
    return timers.deadline(of: target)
  }
}

/// What a loop watches: a connection or a listener. Called on the loop's thread.
package protocol EventSource: AnyObject {
  /// The socket is ready for something.
  nonisolated func ready(_ readiness: Readiness)
  /// Before the loop waits: send what is queued.
  nonisolated func flush()
}
