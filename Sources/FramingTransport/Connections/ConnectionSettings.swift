/// What many connections share: what they may do, and where they count.
@usableFromInline
final class ConnectionSettings: Sendable {
  let limits: ConnectionLimits
  /// The times among them, as the clocks of the connections take them.
  let times: ConnectionTimes
  /// `nil` for a client: nobody asks.
  let counters: CounterBank?

  init(_ limits: ConnectionLimits, counters: CounterBank? = nil) {
    self.limits = limits
    times = ConnectionTimes(limits)
    self.counters = counters
  }
}
