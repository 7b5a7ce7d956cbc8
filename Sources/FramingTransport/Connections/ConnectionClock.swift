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
  private var frameBegan: Int64?
  /// When the bytes that wait to be sent, or the last large part of them, began to wait.
  private var writeBegan: Int64?
  /// Bytes that were taken since then.
  private var written = 0

  init(now: Int64) {
    opened = now
    lastActivity = now
  }

  /// Takes note of the input: how many messages were taken by now, and whether a frame has begun that is not whole.
  ///
  /// Messages, not bytes: what belongs to none, as to a frame that is left out, gives a peer no time.
  mutating func input(messages: UInt64, isPartial: Bool, now: Int64) {
    if messages != self.messages {
      self.messages = messages
      frameBegan = nil
      lastActivity = now
    }
    if !isPartial { frameBegan = nil } else if frameBegan == nil { frameBegan = now }
  }

  /// Takes note of the output: how many bytes were taken, and how many wait.
  mutating func output(taken: Int, waiting: Int, enough: Int, now: Int64) {
    if taken > 0 { lastActivity = now }
    guard waiting > 0 else {
      writeBegan = nil
      return
    }
    written += taken
    if writeBegan == nil || written >= max(enough, 1) { (writeBegan, written) = (now, 0) }
  }

  /// The time that is over first, and when that is; `nil` if none is limited.
  ///
  /// - Parameter isWaiting: Whether the program waits for the peer: while it does not, silence is its own.
  func deadline(_ times: ConnectionTimes, isWaiting: Bool) -> (limit: TimeLimit, time: Int64)? {
    var first: (limit: TimeLimit, time: Int64)?
    func consider(_ limit: TimeLimit, _ began: Int64?, _ duration: Int64?) {
      guard let began, let duration else { return }
      let time = began.addingReportingOverflow(duration)
      if !time.overflow && time.partialValue < first?.time ?? .max { first = (limit, time.partialValue) }
    }
    consider(.write, writeBegan, times.write)
    if isWaiting {
      if messages == 0 { consider(.handshake, opened, times.handshake) }
      consider(.message, frameBegan, times.message)
    }
    let isPastHandshake = messages > 0 || times.handshake == nil
    if isWaiting && isPastHandshake && frameBegan == nil && writeBegan == nil {
      consider(.idle, lastActivity, times.idle)
    }
    return first
  }
}

/// The times of ``ConnectionLimits`` that a ``ConnectionClock`` looks at, in nanoseconds: counted out once, as each message
/// asks for them.
struct ConnectionTimes: Sendable {
  let handshake: Int64?
  let message: Int64?
  let idle: Int64?
  let write: Int64?

  init(_ limits: ConnectionLimits) {
    handshake = limits.handshakeTime?.nanoseconds
    message = limits.messageTime?.nanoseconds
    idle = limits.idleTime?.nanoseconds
    write = limits.writeTime?.nanoseconds
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
