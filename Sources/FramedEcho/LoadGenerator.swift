import Framing
import FramingTransport
import Synchronization
import ToolSupport

/// Sends the messages of a plan, and checks and times what comes back.
///
/// One task a connection, isolated to it: what it remembers of its messages is its own, and only what is counted is
/// shared.
final class LoadGenerator: Sendable {
  private let plan: LoadPlan
  private let closeTime: Duration
  private let messages: LoadMessages
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let isStopped = Atomic(false)
  private let tally: Mutex<LoadTally>

  /// How far a connection is whose messages go out at their time.
  private final class Progress: Sendable {
    let sent = Atomic(0)
    let received = Atomic(0)
    /// Whether nothing is owed.
    var isEven: Bool { sent.load(ordering: .relaxed) == received.load(ordering: .relaxed) }
  }

  /// A generator whose time begins now.
  ///
  /// - Parameters:
  ///   - plan: What it sends.
  ///   - closeTime: How long a server may take to close when nothing follows.
  init(_ plan: LoadPlan, closeTime: Duration) {
    self.plan = plan
    self.closeTime = closeTime
    messages = LoadMessages(size: plan.size)
    start = clock.now
    tally = Mutex(LoadTally(start: start))
  }

  /// Sends nothing further; what is in flight is waited for. From any thread.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  /// What was measured until now, or, once all is over, in the whole run.
  func report(isFinal: Bool) -> LoadReport {
    tally.withLock { tally in
      let end = isFinal ? tally.end : clock.now
      return LoadReport(
        plan: plan, seconds: (end - start) / .seconds(1), replies: tally.replies, latencies: tally.latencies,
        different: tally.different, missing: tally.missing, surplus: tally.surplus)
    }
  }

  /// The first thing that was not as it should be.
  var problem: String? { tally.withLock { $0.problem } }

  /// How many connections the server did not close when nothing followed.
  var unclosed: Int { tally.withLock { $0.unclosed } }

  /// Sends and receives on every connection, until the plan is fulfilled, and closes them.
  func run(on connections: [FramedConnection]) async {
    await withTaskGroup { group in
      for (number, connection) in connections.enumerated() {
        group.addTask(executorPreference: connection.loop) { [self] in await serve(connection, number) }
      }
    }
    tally.withLock { $0.close(dueTime: dueTime(of:on:)) }
  }

  private func serve(_ connection: isolated FramedConnection, _ number: Int) async {
    let isAnswered =
      switch plan.pace {
      case .depth(let depth): await answerEach(on: connection, number, depth: depth)
      case .rate: await answerInTime(on: connection, number)
      }
    if isAnswered { await end(connection, number) }
    connection.reset()  // Both directions are over, or the server owes what nobody waits for.
  }

  // MARK: A message for each reply

  /// Answers whether each message has its reply.
  private func answerEach(
    on connection: isolated FramedConnection, _ number: Int, depth: Int
  ) async -> Bool {
    var sent = 0
    var received = 0
    var departures = [ContinuousClock.Instant](repeating: start, count: depth)
    do throws(ConnectionError) {
      var now = clock.now
      while true {
        while sent - received < depth && goesOn(after: sent, of: number, at: now) {
          departures[sent % depth] = now
          try send(sent, on: connection, number)
          sent += 1
        }
        if sent == received { return true }
        let reply = try await receive(on: connection)
        now = clock.now
        check(reply, received, of: number, sentAt: departures[received % depth], now: now)
        received += 1
      }
    } catch {
      lose(.init(number: number, messages: received..<sent, departures: departures), because: error)
      return false
    }
  }

  private func goesOn(after sent: Int, of number: Int, at now: ContinuousClock.Instant) -> Bool {
    if isStopped.load(ordering: .relaxed) { return false }
    if let share = plan.share(of: number) { return sent < share }
    return !plan.isOver(now - start)
  }

  // MARK: Messages at their time

  /// Answers whether each message has its reply, when the time of the run is over.
  private func answerInTime(on connection: isolated FramedConnection, _ number: Int) async -> Bool {
    let progress = Progress()
    let isAnswered = await withTaskGroup { group in
      group.addTask(executorPreference: connection.loop) { [self] in
        await receiveWhenDue(on: connection, number, progress)
      }
      await sendWhenDue(on: connection, number, progress)
      // Nothing will come that the receiver could wait for.
      if isStopped.load(ordering: .relaxed) && progress.isEven { group.cancelAll() }
      return await group.next() ?? true
    }
    guard isAnswered, !isStopped.load(ordering: .relaxed), let time = plan.time else { return isAnswered }
    try? await clock.sleep(until: start + time, tolerance: .zero)
    tally.withLock { $0.last(until: start + time) }
    return true
  }

  private func sendWhenDue(
    on connection: isolated FramedConnection, _ number: Int, _ progress: Progress
  ) async {
    for message in 0..<(plan.share(of: number) ?? 0) {
      let due = dueTime(of: message, on: number)
      if clock.now < due { try? await clock.sleep(until: due, tolerance: .zero) }
      if isStopped.load(ordering: .relaxed) { return tally.withLock { $0.last(until: clock.now) } }
      do throws(ConnectionError) {
        try send(message, on: connection, number)
        progress.sent.add(1, ordering: .relaxed)
        if connection.queuedBytes > Self.enough { try await connection.flush() }
      } catch {
        return  // The receiver is told, too, and tells.
      }
    }
  }

  private func receiveWhenDue(
    on connection: isolated FramedConnection, _ number: Int, _ progress: Progress
  ) async -> Bool {
    let share = plan.share(of: number) ?? 0
    var received = 0
    do throws(ConnectionError) {
      while received < share && !(isStopped.load(ordering: .relaxed) && progress.isEven) {
        let reply = try await receive(on: connection)
        check(reply, received, of: number, sentAt: dueTime(of: received, on: number), now: clock.now)
        received += 1
        progress.received.store(received, ordering: .relaxed)
      }
    } catch {
      let isStopped = isStopped.load(ordering: .relaxed)
      if isStopped && progress.isEven { return true }
      // What was not sent is missing, too, unless that was wished.
      let end = isStopped ? progress.sent.load(ordering: .relaxed) : share
      lose(.init(number: number, messages: received..<end), because: error)
      connection.reset()  // Ends sending, too.
      return false
    }
    return true
  }

  private func dueTime(of message: Int, on number: Int) -> ContinuousClock.Instant {
    start + (plan.dueTime(of: message, on: number) ?? .zero)
  }

  // MARK: One message

  /// Bytes that may be queued before the sender lets the receiver have its turn.
  private static let enough = 64 << 10

  private func send(
    _ message: Int, on connection: isolated FramedConnection, _ number: Int
  ) throws(ConnectionError) {
    try messages.withMessage(message, of: number) { bytes throws(ConnectionError) in
      try connection.send(bytes)
    }
  }

  private func receive(on connection: isolated FramedConnection) async throws(ConnectionError) -> [UInt8] {
    guard let reply = try await connection.receive() else { throw .closed }
    return reply
  }

  private func check(
    _ reply: [UInt8], _ message: Int, of number: Int, sentAt departure: ContinuousClock.Instant,
    now: ContinuousClock.Instant
  ) {
    let isEqual = messages.isEqual(reply.span, to: message, of: number)
    let difference = isEqual ? nil : messages.difference(of: reply.span, from: message, of: number)
    tally.withLock { $0.reply(at: now, sentAt: departure, difference: difference) }
  }

  private func lose(_ lost: LoadTally.Lost, because error: ConnectionError) {
    let reason =
      switch error {
      case .closed: "the server closed the connection; does it use the same --framer?"
      case .timedOut(.idle): "no reply came within \(plan.patience.components.seconds) s"
      default: "\(error)"
      }
    tally.withLock { $0.lose(lost, at: clock.now, because: reason) }
  }

  // MARK: The end

  /// Tells the server that nothing follows, and sees that nothing comes but its end.
  private func end(_ connection: isolated FramedConnection, _ number: Int) async {
    connection.finish()
    let watch = Task {
      if (try? await connection.loop.sleep(for: closeTime)) != nil { giveUp(connection) }
    }
    defer { watch.cancel() }
    do throws(ConnectionError) {
      if let more = try await connection.receive() {
        tally.withLock { $0.surplus(Quote.counted(more), on: number) }
      }
    } catch {
      switch error {
      case .framing, .leftOut: tally.withLock { $0.surplus("\(error)", on: number) }
      // Closed in whichever way, or not at all: every reply is here.
      default: break
      }
    }
  }

  /// Closes a connection that the server does not close.
  private func giveUp(_ connection: isolated FramedConnection) {
    tally.withLock { $0.unclosed += 1 }
    // Shows whoever waits for a message the beginning of one, too.
    connection.changeFraming(to: FixedLengthFramer(size: 1))
    connection.reset()
  }
}
