import Framing
import FramingTransport
import Synchronization

/// Sends the messages of a plan, and checks and times what comes back.
///
/// One task a connection, isolated to it: what it remembers of its messages is its own, and only what is counted is
/// shared.
final class LoadGenerator: Sendable {
  private let plan: LoadPlan
  private let messages: LoadMessages
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let isStopped = Atomic(false)
  private let counted = Mutex(Counts())

  private struct Counts {
    var latencies = LatencyHistogram()
    var different = 0
    var missing = 0
    var problem: String?
    var lastReply: ContinuousClock.Instant?
  }

  /// A generator whose time begins now.
  init(_ plan: LoadPlan) {
    self.plan = plan
    messages = LoadMessages(size: plan.size)
    start = clock.now
  }

  /// Sends nothing further; what is in flight is waited for. From any thread.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  /// What was measured until now, or, once all is over, until the last reply.
  func report(isFinal: Bool) -> LoadReport {
    counted.withLock { counts in
      let end = isFinal ? counts.lastReply ?? start : clock.now
      return LoadReport(
        plan: plan, seconds: (end - start) / .seconds(1), latencies: counts.latencies,
        different: counts.different, missing: counts.missing)
    }
  }

  /// The first thing that was not as it should be.
  var problem: String? { counted.withLock { $0.problem } }

  /// Sends and receives on every connection, until the plan is fulfilled, and closes them.
  func run(on connections: [FramedConnection]) async {
    await withTaskGroup { group in
      for (number, connection) in connections.enumerated() {
        group.addTask(executorPreference: connection.loop) { [self] in await serve(connection, number) }
      }
    }
  }

  private func serve(_ connection: isolated FramedConnection, _ number: Int) async {
    switch plan.pace {
    case .depth(let depth): await answerEach(on: connection, number, depth: depth)
    case .rate:
      async let sending: Void = sendWhenDue(on: connection, number)
      await receiveWhenDue(on: connection, number)
      await sending
    }
    try? await connection.close()
  }

  // MARK: A message for each reply

  private func answerEach(on connection: isolated FramedConnection, _ number: Int, depth: Int) async {
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
        if sent == received { return }
        let reply = try await receive(on: connection)
        now = clock.now
        check(reply, received, of: number, sentAt: departures[received % depth], now: now)
        received += 1
      }
    } catch {
      lose(sent - received, of: number, after: received, because: error)
    }
  }

  private func goesOn(after sent: Int, of number: Int, at now: ContinuousClock.Instant) -> Bool {
    if isStopped.load(ordering: .relaxed) { return false }
    if let share = plan.share(of: number) { return sent < share }
    return !plan.isOver(now - start)
  }

  // MARK: Messages at their time

  private func sendWhenDue(on connection: isolated FramedConnection, _ number: Int) async {
    for message in 0..<(plan.share(of: number) ?? 0) {
      let due = dueTime(of: message, number)
      if clock.now < due { try? await clock.sleep(until: due, tolerance: .zero) }
      if isStopped.load(ordering: .relaxed) {
        // Ends the wait for replies to what was not sent.
        return connection.finish()
      }
      do throws(ConnectionError) {
        try send(message, on: connection, number)
        if connection.queuedBytes > Self.enough { try await connection.flush() }
      } catch {
        return  // The receiver is told, too, and tells.
      }
    }
  }

  private func receiveWhenDue(on connection: isolated FramedConnection, _ number: Int) async {
    let share = plan.share(of: number) ?? 0
    var received = 0
    do throws(ConnectionError) {
      while received < share {
        let reply = try await receive(on: connection)
        check(reply, received, of: number, sentAt: dueTime(of: received, number), now: clock.now)
        received += 1
      }
    } catch {
      if isStopped.load(ordering: .relaxed), error == .closed { return }
      lose(share - received, of: number, after: received, because: error)
    }
  }

  private func dueTime(of message: Int, _ number: Int) -> ContinuousClock.Instant {
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
    let latency = max(.zero, now - departure).nanoseconds
    counted.withLock { counts in
      counts.latencies.record(latency)
      counts.lastReply = now
      if isEqual { return }
      counts.different += 1
      if counts.problem == nil {
        counts.problem = messages.difference(of: reply.span, from: message, of: number)
      }
    }
  }

  private func lose(_ count: Int, of number: Int, after received: Int, because error: ConnectionError) {
    let reason =
      error == .closed ? "the server closed the connection; does it use the same --framer?" : "\(error)"
    counted.withLock { counts in
      // A connection that ends too early is wrong, also if nothing was in flight on it.
      counts.missing += max(1, count)
      if counts.problem == nil {
        counts.problem = "reply \(received + 1) of connection \(number + 1) is missing: \(reason)"
      }
    }
  }
}

extension Duration {
  /// Whole nanoseconds of a duration that is not negative and shorter than centuries.
  fileprivate var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}
