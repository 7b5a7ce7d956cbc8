/// What a listener does while it cannot accept, most often because the process has no descriptor left.
///
/// It pauses, twice as long each time, up to a second: connections wait in the system's queue meanwhile, and are
/// served when descriptors are free again. One descriptor is held in reserve, so that those who would have waited for too
/// long can be told (accepted and reset) also when there is no other.
struct Starvation: ~Copyable {
  private static let firstPause = Duration.milliseconds(10)
  private static let longestPause = Duration.seconds(1)

  private let system: any SystemCalls
  /// How long others may wait to be accepted; `nil` for ever.
  private let patience: Duration?
  private var pause = firstPause
  private var since: Int64?
  private var reserve: Socket?

  init(patience: Duration?, system: any SystemCalls) {
    self.patience = patience
    self.system = system
    refill()
  }

  /// A connection could be accepted.
  mutating func end() {
    pause = Self.firstPause
    since = nil
  }

  /// How long to leave the connections alone that wait.
  mutating func nextPause() -> Duration {
    defer { pause = min(pause * 2, Self.longestPause) }
    return pause
  }

  /// Whether accepting has been impossible for longer than others may wait.
  mutating func isOverdue(now: Int64) -> Bool {
    let since = self.since ?? now
    self.since = since
    guard let patience else { return false }
    return now - since >= patience.nanoseconds
  }

  /// Those who had waited for too long were told: the others have not.
  mutating func restart(now: Int64) { since = now }

  /// Gives the reserved descriptor to `body`, and takes one back afterwards.
  mutating func withReserve(_ body: () -> Void) {
    reserve = nil
    body()
    refill()
  }

  /// Gives the reserved descriptor back: nothing is accepted any more.
  mutating func close() { reserve = nil }

  /// Opens a socket that nobody uses. Without one, nobody is told; the next time there may be one.
  private mutating func refill() {
    let result = system.socket(family: .unix)
    if result.errorCode == nil { reserve = .some(Socket(descriptor: CInt(result.word), system: system)) }
  }
}
