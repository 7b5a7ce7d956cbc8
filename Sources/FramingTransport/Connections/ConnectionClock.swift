/// When a connection did what its limits are about, and until when it has to do the next thing.
///
/// A pure calculation over the times that it is told of, in nanoseconds.
struct ConnectionClock {
  private let opened: Int64
  /// When a message came, or sent bytes were taken.
  private var lastActivity: Int64
  private var hasMessage = false

  /// Bytes of the stream that belong to messages taken: where the frame that is not whole yet begins.
  private var frameOffset: UInt64 = 0
  /// When the first byte of that frame came.
  private var frameBegan: Int64?
  /// When the bytes that wait to be sent, or the last large part of them, began to wait.
  private var writeBegan: Int64?
  /// Bytes that were taken since then.
  private var written = 0

  init(now: Int64) {
    opened = now
    lastActivity = now
  }

  /// Takes note of the input: where the first unread byte stands, and whether it began a frame that is not whole.
  mutating func input(offset: UInt64, isPartial: Bool, now: Int64) {
    if offset != frameOffset {
      frameOffset = offset
      frameBegan = nil
      hasMessage = true
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
    if writeBegan == nil || written >= enough { (writeBegan, written) = (now, 0) }
  }

  /// The time that is over first, and when that is; `nil` if none is limited.
  ///
  /// - Parameter isWaiting: Whether the program waits for the peer: while it does not, silence is its own.
  func deadline(_ limits: ConnectionLimits, isWaiting: Bool) -> (limit: TimeLimit, time: Int64)? {
    var first: (limit: TimeLimit, time: Int64)?
    func consider(_ limit: TimeLimit, _ began: Int64?, _ duration: Duration?) {
      guard let began, let duration else { return }
      let time = began.addingReportingOverflow(duration.nanoseconds)
      if !time.overflow && time.partialValue < first?.time ?? .max { first = (limit, time.partialValue) }
    }
    consider(.write, writeBegan, limits.writeTime)
    if isWaiting {
      if !hasMessage { consider(.handshake, opened, limits.handshakeTime) }
      consider(.message, frameBegan, limits.messageTime)
    }
    let isPastHandshake = hasMessage || limits.handshakeTime == nil
    if isWaiting && isPastHandshake && frameBegan == nil && writeBegan == nil {
      consider(.idle, lastActivity, limits.idleTime)
    }
    return first
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
