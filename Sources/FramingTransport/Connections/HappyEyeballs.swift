/// Which address of a host to try next, and when, until one connects: "happy eyeballs" (RFC 8305, sections 4 and 5).
///
///     addresses as resolved    A1 A2 A3 B1          A: the family of the first one
///     in the order of trying   A1 B1 A2 A3          families in turn, each in its own order
///
/// The first attempt begins at once; each further one when the one before has had no answer for a while, or as soon as
/// any fails. The first that connects wins, and all others are given up. A pure state machine: it is told what happened and
/// answers what to do, and knows no clock and no socket.
struct HappyEyeballs {
  /// What happened. Attempts are named by their place in ``attempts``.
  enum Event: Hashable, Sendable {
    case connected(Int)
    case failed(Int, SystemError)
    /// The delay of the last ``Action/startDelay`` is over.
    case delayEnded
    /// Connecting has taken as long as it may.
    case timeEnded
  }

  /// What to do, in this order.
  enum Action: Hashable, Sendable {
    /// Begin to connect to the address of this attempt.
    case begin(Int)
    /// Tell ``Event/delayEnded`` after the delay between attempts, counted from now; an earlier one is forgotten.
    case startDelay
    /// Close the socket of this attempt.
    case abandon(Int)
    /// This one has connected. The last action.
    case win(Int)
    /// None has; ``attempts`` say why. The last action.
    case lose
  }

  /// Every address, in the order of trying, and why nothing has come of it by now.
  private(set) var attempts: [ConnectAttempt]
  private var isPending: [Bool]
  private var next = 0
  private var isOver = false

  /// - Parameter addresses: In the order in which the system wants them tried; each is tried once.
  init(_ addresses: [SocketAddress]) {
    attempts = Self.ordered(addresses).map { ConnectAttempt(address: $0, outcome: .notTried) }
    isPending = attempts.map { _ in false }
  }

  /// The first thing to do.
  mutating func begin() -> [Action] { beginNext() }

  /// What to do now that `event` has happened; nothing for what comes too late.
  mutating func handle(_ event: Event) -> [Action] {
    guard !isOver else { return [] }
    switch event {
    case .connected(let winner):
      guard isPending[winner] else { return [] }
      isPending[winner] = false
      return end() + [.win(winner)]
    case .failed(let loser, let error):
      guard isPending[loser] else { return [] }
      isPending[loser] = false
      attempts[loser].outcome = .failed(error)
      return beginNext()
    case .delayEnded: return beginNext()
    case .timeEnded: return end() + [.lose]
    }
  }

  /// Begins one more attempt; without one, nothing is left to do once none is pending.
  private mutating func beginNext() -> [Action] {
    guard next < attempts.count else {
      return isPending.contains(true) ? [] : end() + [.lose]
    }
    defer { next += 1 }
    attempts[next].outcome = .noAnswer
    isPending[next] = true
    // Behind the last one nothing is waited for.
    return next + 1 < attempts.count ? [.begin(next), .startDelay] : [.begin(next)]
  }

  /// Gives up what is pending.
  private mutating func end() -> [Action] {
    isOver = true
    defer { isPending = isPending.map { _ in false } }
    return isPending.indices.filter { isPending[$0] }.map { .abandon($0) }
  }

  /// The families in turn, beginning with that of the first address, as long as both have addresses left; no address twice.
  static func ordered(_ addresses: [SocketAddress]) -> [SocketAddress] {
    var seen: Set<SocketAddress> = []
    let unique = addresses.filter { seen.insert($0).inserted }
    let preferred = unique.filter { $0.family == unique.first?.family }
    let others = unique.filter { $0.family != unique.first?.family }
    let pairs = min(preferred.count, others.count)
    return (0..<pairs).flatMap { [preferred[$0], others[$0]] } + preferred[pairs...] + others[pairs...]
  }
}
