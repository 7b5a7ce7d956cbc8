/// What is counted of a load, and how long it has lasted.
struct LoadTally {
  /// Messages of a connection that will have no reply.
  struct Lost {
    let number: Int
    let messages: Range<Int>
    /// When the last messages of the connection went out, in turn; empty if they went out when they were due.
    var departures: [ContinuousClock.Instant] = []
  }

  private(set) var replies = 0
  /// Of the replies; once all is over, also of those that are missing.
  private(set) var latencies = LatencyHistogram()
  private(set) var different = 0
  private(set) var missing = 0
  /// Connections on which more came than was sent.
  private(set) var surplus = 0
  /// Connections that the server did not close.
  var unclosed = 0
  /// The first thing that was not as it should be.
  private(set) var problem: String?
  /// When the run was over, as far as is known; closing is not part of it.
  private(set) var end: ContinuousClock.Instant
  private var lost: [Lost] = []

  init(start: ContinuousClock.Instant) { end = start }

  /// A reply has come; `difference` says how it is wrong.
  mutating func reply(
    at now: ContinuousClock.Instant, sentAt departure: ContinuousClock.Instant, difference: String?
  ) {
    replies += 1
    latencies.record(max(.zero, now - departure).nanoseconds)
    last(until: now)
    guard let difference else { return }
    different += 1
    note(difference)
  }

  /// Some replies will not come, for this reason.
  mutating func lose(_ lost: Lost, at now: ContinuousClock.Instant, because reason: String) {
    // A connection that ends too early is wrong, also if nothing was in flight on it.
    missing += max(1, lost.messages.count)
    last(until: now)
    self.lost.append(lost)
    note("reply \(lost.messages.lowerBound + 1) of connection \(lost.number + 1) is missing: \(reason)")
  }

  /// More came on a connection than was sent.
  mutating func surplus(_ what: String, on number: Int) {
    surplus += 1
    note("after the last reply of connection \(number + 1) came more: \(what)")
  }

  /// The run has lasted until then, if not longer.
  mutating func last(until time: ContinuousClock.Instant) { end = max(end, time) }

  /// All is over: a reply that is missing has taken until the end, so that a server that stalls shows.
  ///
  /// - Parameter dueTime: When a message of a connection is due, where that is when it goes out.
  mutating func close(dueTime: (_ message: Int, _ number: Int) -> ContinuousClock.Instant) {
    for lost in lost {
      let places = lost.departures.count
      for message in lost.messages {
        let departure = places > 0 ? lost.departures[message % places] : dueTime(message, lost.number)
        // The connection was lost before its time came.
        if departure > end { break }
        latencies.record((end - departure).nanoseconds)
      }
    }
    lost = []
  }

  private mutating func note(_ problem: String) { if self.problem == nil { self.problem = problem } }
}

extension Duration {
  /// Whole nanoseconds of a duration that is not negative and shorter than centuries.
  fileprivate var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}
