import Framing

/// What a connection lets its peer do to this program. All of it is finite unless told otherwise.
///
/// ``memoryBound(longestFrame:)`` says how much memory that can be.
public struct ConnectionLimits: Hashable, Sendable {
  /// Bytes of one frame on the wire, header, delimiter and escapes included; besides the limit of the framer.
  public var frameBytes = 64 << 20
  /// Framed bytes that may wait to be sent: above it `send` waits, and a synchronous handler is given no message,
  /// until no more than a quarter of it waits.
  public var queuedBytes = 256 << 10
  /// How long connecting may take, from the question for the addresses of a host to the connection; `nil` for as long as
  /// the system tries, which is some two minutes on Linux. For clients.
  public var connectTime: Duration? = .seconds(10)
  /// How long the first message may take, counted from the beginning of the connection; `nil` for ever.
  public var handshakeTime: Duration? = .seconds(30)
  /// How long a message may take from its first byte to its last, however steadily they come; `nil` for ever.
  public var messageTime: Duration? = .seconds(30)
  /// How long nothing may happen after the first message: no other, and nothing to be sent; `nil` for ever.
  public var idleTime: Duration? = .seconds(600)
  /// How long the peer may take for what waits to be sent, or for a quarter of ``queuedBytes`` of it; `nil` for ever.
  public var writeTime: Duration? = .seconds(30)
  /// After how long a peer that is gone without a word, as when its machine lost power, is an error (`ETIMEDOUT`), whether
  /// something waits to be sent or not; `nil` for never. TCP only; in whole milliseconds, and idle peers are asked
  /// in whole seconds.
  public var deadPeerTime: Duration? = .seconds(120)
  /// How long closing may take: until the peer has taken everything that was sent, and has closed too.
  public var closeTime: Duration = .seconds(10)

  /// The limits as they stand above.
  public init() {}

  /// What a client allows a server that it has chosen: it may be silent for as long as it likes.
  public static var client: ConnectionLimits {
    var limits = ConnectionLimits()
    limits.handshakeTime = nil
    limits.idleTime = nil
    return limits
  }

  /// The most memory that a connection holds for bytes of its peer and for its peer, in bytes:
  ///
  ///     2 × (max(frame, 64 KiB) + 64 KiB)    what came and is no message yet
  ///     2 × (queuedBytes + frame)            what is to be sent
  ///
  /// where `frame` is the smaller of ``frameBytes`` and `longestFrame`. The first part grows with the bytes that have come,
  /// not with those that were announced; the factor is that of buffers that double. An idle connection holds none of it.
  /// Messages that a handler keeps, or queues without waiting for more than one message, are its own.
  ///
  /// - Parameter longestFrame: The longest frame that the framer lets through, on the wire: for a length prefix its limit
  ///   and the prefix.
  public func memoryBound(longestFrame: Int) -> Int {
    let frame = min(frameBytes, longestFrame)
    let parts = [max(frame, 64 << 10), 64 << 10, queuedBytes, frame]
    var sum: UInt64 = 0
    for part in parts {
      let (new, overflow) = sum.addingReportingOverflow(UInt64(max(part, 0)))
      sum = overflow ? .max : new
    }
    return Int(clamping: sum.multipliedReportingOverflow(by: 2).overflow ? .max : sum * 2)
  }

  /// The socket option that ``deadPeerTime`` is.
  var deadPeer: SocketOption? {
    deadPeerTime.map { .deadPeer(milliseconds: CInt(clamping: max($0.nanoseconds / 1_000_000, 1))) }
  }

  /// The number of waiting bytes at which sending goes on.
  var lowMark: Int { queuedBytes / 4 }
}

/// A time that a connection has, and can exceed.
public enum TimeLimit: String, CaseIterable, Hashable, Sendable {
  /// See ``ConnectionLimits/connectTime``.
  case connect
  /// See ``ConnectionLimits/handshakeTime``.
  case handshake
  /// See ``ConnectionLimits/messageTime``.
  case message
  /// See ``ConnectionLimits/idleTime``.
  case idle
  /// See ``ConnectionLimits/writeTime``.
  case write

  /// What was not in time, as a sentence.
  var sentence: String {
    switch self {
    case .connect: "the connection was not made in time"
    case .handshake: "the first message was not whole in time"
    case .message: "a message was begun and not whole in time"
    case .idle: "nothing happened for too long"
    case .write: "the peer did not take what was sent in time"
    }
  }
}
