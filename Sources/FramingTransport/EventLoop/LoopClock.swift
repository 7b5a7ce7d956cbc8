/// The clock of an event loop: of its timers, and of all limits of its connections.
///
/// It never goes back and counts from a moment that means nothing; on Linux it stands still while the machine sleeps
/// (`CLOCK_MONOTONIC`). For `Task.sleep(until:clock:)` and whatever else takes a clock; sleeping takes a timer of the loop, and
/// no thread.
public struct LoopClock: Clock, Sendable {
  /// A moment, in nanoseconds.
  public struct Instant: InstantProtocol, Hashable, Sendable {
    /// Nanoseconds since the beginning of the clock.
    public let nanoseconds: Int64

    /// The moment so many nanoseconds after the beginning of the clock.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The moment `duration` later; what is too late to be counted, after 292 years, is the last moment.
    public func advanced(by duration: Duration) -> Instant {
      let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
      return Instant(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
    }

    /// The time from here to `other`; negative if that is earlier.
    public func duration(to other: Instant) -> Duration {
      .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
    }

    /// Whether the left moment is the earlier one.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
  }

  private let loop: EventLoop

  init(_ loop: EventLoop) { self.loop = loop }

  /// The time now. From any thread.
  public var now: Instant { Instant(nanoseconds: loop.system.now()) }

  /// What the way of waiting can tell apart at best: `epoll` and `poll` count in milliseconds.
  public var minimumResolution: Duration { .milliseconds(1) }

  /// As ``EventLoop/sleep(until:)``; `tolerance` is not made use of.
  ///
  /// - Throws: `CancellationError`, at once, when the task is cancelled.
  public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
    try await loop.sleep(until: deadline)
  }
}
