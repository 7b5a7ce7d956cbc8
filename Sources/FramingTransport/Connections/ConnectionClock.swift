/// When a connection did what its limits are about, and until when it has to do the next thing.
///
/// A pure calculation over the times that it is told of, in nanoseconds.
struct ConnectionClock {
  private let opened: Int64
  /// When a message came, or sent bytes were taken.
  private var lastActivity: Int64
  /// How many messages were taken.
  private var messages: UInt64 = 0
  /// When the first byte of the frame that is not whole yet came.
  private var frameBegan = Self.never
  /// When the bytes that wait to be sent, or the last large part of them, began to wait.
  private var writeBegan = Self.never
  /// Bytes that were taken since then.
  private var written = 0

  /// What did not begin, and what has no end.
  static let never = Int64.max

  init(now: Int64) {
    opened = now
    lastActivity = now
  }

  /// Takes note of the input: how many messages were taken by now, and whether a frame has begun that is not whole.
  ///
  /// Messages, not bytes: what belongs to none, as to a frame that is left out, gives a peer no time.
  ///
  /// - Returns: Whether another time counts from now on, which may be over before those that did.
  mutating func input(messages: UInt64, isPartial: Bool, now: Int64) -> Bool {
    let isFirst = self.messages == 0 && messages > 0
    let wasPartial = frameBegan != Self.never
    if messages != self.messages {
      self.messages = messages
      frameBegan = Self.never
      lastActivity = now
    }
    if !isPartial { frameBegan = Self.never } else if frameBegan == Self.never { frameBegan = now }
    return isFirst || isPartial != wasPartial
  }

  /// Takes note of the output: how many bytes were taken, and how many wait.
  ///
  /// - Returns: As of ``input(messages:isPartial:now:)``.
  mutating func output(taken: Int, waiting: Int, enough: Int, now: Int64) -> Bool {
    let wasWaiting = writeBegan != Self.never
    if taken > 0 { lastActivity = now }
    if waiting == 0 {
      writeBegan = Self.never
    } else {
      written += taken
      if !wasWaiting || written >= max(enough, 1) { (writeBegan, written) = (now, 0) }
    }
    return wasWaiting != (waiting > 0)
  }

  /// The time that is over first, and when that is; `nil` if none is limited.
  ///
  /// - Parameter isWaiting: Whether the program waits for the peer: while it does not, silence is its own.
  func deadline(_ times: ConnectionTimes, isWaiting: Bool) -> (limit: TimeLimit, time: Int64)? {
    var first = (limit: TimeLimit.write, time: Self.end(of: times.write, from: writeBegan))
    func consider(_ limit: TimeLimit, _ time: Int64) { if time < first.time { first = (limit, time) } }
    if isWaiting {
      if messages == 0 { consider(.handshake, Self.end(of: times.handshake, from: opened)) }
      consider(.message, Self.end(of: times.message, from: frameBegan))
      let isPastHandshake = messages > 0 || times.handshake == Self.never
      if isPastHandshake && frameBegan == Self.never && writeBegan == Self.never {
        consider(.idle, Self.end(of: times.idle, from: lastActivity))
      }
    }
    return first.time == Self.never ? nil : first
  }

  private static func end(of duration: Int64, from began: Int64) -> Int64 {
    let (time, overflow) = began.addingReportingOverflow(duration)
    return began == never || duration == never || overflow ? never : time
  }
}

/// The times of ``ConnectionLimits`` that a ``ConnectionClock`` looks at, in nanoseconds: counted out once, as each message
/// asks for them. ``ConnectionClock/never`` is no limit.
struct ConnectionTimes: Sendable {
  let handshake: Int64
  let message: Int64
  let idle: Int64
  let write: Int64

  init(_ limits: ConnectionLimits) {
    handshake = limits.handshakeTime?.nanoseconds ?? ConnectionClock.never
    message = limits.messageTime?.nanoseconds ?? ConnectionClock.never
    idle = limits.idleTime?.nanoseconds ?? ConnectionClock.never
    write = limits.writeTime?.nanoseconds ?? ConnectionClock.never
  }
}

extension Duration {
  /// Whole nanoseconds, held within what 64 bits can count.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || carry ? (seconds < 0 ? .min : .max) : sum
  }
}
