import Synchronization

/// What an event loop has done, and what it waits for: see ``EventLoop/counters``.
public struct LoopCounters: Hashable, Sendable {
  /// How often the loop has run its jobs and waited. A loop that has nothing to do does not turn.
  public var turns: UInt64 = 0
  /// How often the wait was ended by a thread that had a job for the loop.
  public var wakeUps: UInt64 = 0
  /// The longest time from the end of a wait to the beginning of the next one: for so long every connection of the loop has
  /// waited because of the handlers and jobs of the others.
  public var longestTurn = Duration.zero
  /// How many timers are set.
  public var timers = 0
  /// How many sockets are watched.
  public var sockets = 0
}

/// The counters as they are kept: written by the loop's thread only, which needs no read-modify-write for it, and read
/// by any thread. Each number is right by itself; together they need not be of one moment.
struct LoopCounterStore: ~Copyable, Sendable {
  private let turns = Atomic<UInt64>(0)
  private let wakeUps = Atomic<UInt64>(0)
  private let longestTurn = Atomic<Int64>(0)
  private let timers = Atomic<Int>(0)
  private let sockets = Atomic<Int>(0)

  /// The loop has begun a turn, because another thread woke it or not.
  func turned(wasWoken: Bool) {
    turns.store(turns.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    if wasWoken { wakeUps.store(wakeUps.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
  }

  /// The loop has been busy for so many nanoseconds, and is about to wait for what is there now.
  func busy(for time: Int64, timers timerCount: Int, sockets socketCount: Int) {
    if time > longestTurn.load(ordering: .relaxed) { longestTurn.store(time, ordering: .relaxed) }
    timers.store(timerCount, ordering: .relaxed)
    sockets.store(socketCount, ordering: .relaxed)
  }

  /// The numbers of now.
  var values: LoopCounters {
    LoopCounters(
      turns: turns.load(ordering: .relaxed), wakeUps: wakeUps.load(ordering: .relaxed),
      longestTurn: .nanoseconds(longestTurn.load(ordering: .relaxed)),
      timers: timers.load(ordering: .relaxed), sockets: sockets.load(ordering: .relaxed))
  }
}
