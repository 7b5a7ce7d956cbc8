/// How far a server is in its life. It goes on through these in order, and may leave some out.
///
///     starting → ready → draining → finishing → cutting → stopped
///
/// | phase | accepts | connections | health port |
/// |---|---|---|---|
/// | starting | they wait | | starting |
/// | ready | yes | are served | ready |
/// | draining | yes | are served | draining |
/// | finishing | no | end after what they have begun | draining |
/// | cutting | no | are half-closed, and reset a second later | draining |
/// | stopped | no | there are none | |
public enum ServerPhase: Int, CaseIterable, Hashable, Sendable {
  /// The server listens and does not run yet.
  case starting
  /// It runs.
  case ready
  /// It was told to stop, and still accepts: whoever sends connections here takes a while to learn of it.
  case draining
  /// It accepts no connection, and those that are there end as soon as nothing is outstanding.
  case finishing
  /// The time is over: what is not finished is cut, and counted (``ServerCounters/Counter/cut``).
  case cutting
  /// It has returned.
  case stopped
}

/// How a server stops: how long it goes on accepting, and how long its connections have to finish.
///
///     shutdown                acceptTime                        time
///        | draining: accepting     | finishing: what has begun      | cutting
///
/// Both count from the call of ``FramedServer/shutdown(_:)``. The default stops accepting at once and stays below the 30 s
/// after which Kubernetes kills; behind a balancer, let `acceptTime` cover the time that it takes to notice.
public struct Drain: Hashable, Sendable {
  /// How long connections are still accepted while the health port says "draining".
  public var acceptTime: Duration
  /// How long all of it may take until what is not finished is cut.
  public var time: Duration

  /// By default, accepts nothing more, and waits 25 s.
  public init(acceptTime: Duration = .zero, time: Duration = .seconds(25)) {
    self.acceptTime = acceptTime
    self.time = time
  }

  /// Without waiting for anything.
  public static let immediate = Drain(time: .zero)
}

/// In which phase a server is, and when it enters the next: a pure calculation over the times that it is told of, in
/// nanoseconds.
struct DrainState {
  private(set) var phase = ServerPhase.starting
  /// Until when to accept and when to cut; `nil` before the server was told to stop.
  private var times: (accept: Int64, cut: Int64)?

  /// The server runs.
  mutating func run() {
    if phase == .starting { phase = .ready }
  }

  /// The server cannot run.
  mutating func stop() { phase = .stopped }

  /// The server is told to stop; a further call can only bring the end nearer.
  mutating func begin(_ drain: Drain, now: Int64) {
    func end(_ duration: Duration) -> Int64 {
      let (time, overflow) = now.addingReportingOverflow(max(duration.nanoseconds, 0))
      return overflow ? .max : time
    }
    let cut = min(end(drain.time), times?.cut ?? .max)
    // One that never ran accepts nobody.
    let acceptTime = phase == .starting ? .zero : drain.acceptTime
    times = (min(end(acceptTime), times?.accept ?? .max, cut), cut)
  }

  /// Enters the next phase if it is time, and answers it; ask again until it is `nil`.
  mutating func advance(now: Int64, isEmpty: Bool) -> ServerPhase? {
    guard let times else { return nil }
    switch phase {
    case .starting, .ready: phase = .draining
    case .draining where now >= times.accept: phase = .finishing
    case .finishing where isEmpty, .cutting where isEmpty: phase = .stopped
    case .finishing where now >= times.cut: phase = .cutting
    case .draining, .finishing, .cutting, .stopped: return nil
    }
    return phase
  }

  /// When the next phase begins by itself; `nil` if it does not.
  var deadline: Int64? {
    switch phase {
    case .draining: times?.accept
    case .finishing: times?.cut
    case .starting, .ready, .cutting, .stopped: nil
    }
  }
}
