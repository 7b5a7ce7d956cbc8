import CSystemShims
import FramingTransport

/// A stream socket, from open to reset, as Linux has it.
///
///     fresh -> listening
///     fresh -> connecting -> connected -> closed
///     accepted ------------> connected -> closed
///
/// Closed by its descriptor and still busy with what was sent, it is an orphan: nobody reads it, and bytes that arrive are
/// answered with a reset.
final class StreamSocket: OpenFile {
  enum State {
    case fresh, listening, connecting, connected
    /// Reset, refused, or ended in both directions.
    case closed
  }

  let family: SocketAddress.Family
  /// In the order of their making; names the socket in a trace whatever its descriptor is.
  let number: Int
  var state = State.fresh
  var local: SocketAddress?
  var remote: SocketAddress?

  /// What has gone wrong and was not told yet: an error number, or 0.
  var pendingError: CInt = 0
  /// Whether no byte follows from the peer.
  var hasReceivedEnd = false
  /// Whether the peer said so, which outlives all errors. The C name in Linux is `SOCK_DONE`.
  var peerHasEnded = false
  /// Whether no byte can be sent any more.
  var hasSentEnd = false
  /// Whether no descriptor names it any more.
  var isOrphan = false

  // As a listener.
  var backlog = 0
  var waiting: [StreamSocket] = []

  // As one end of a connection.
  weak var peer: StreamSocket?
  /// What the peer sends.
  var incoming: ByteStream?
  /// What this end sends.
  var outgoing: ByteStream?

  // Options; what is accepted inherits them.
  var resetsOnClose = false

  init(family: SocketAddress.Family, number: Int) {
    self.family = family
    self.number = number
  }

  override var condition: Condition {
    var bits = pendingError != 0 ? Condition.error.rawValue : 0
    switch state {
    case .fresh: bits |= Condition.writable.rawValue | Condition.hangUp.rawValue
    case .listening: if !waiting.isEmpty { bits |= Condition.readable.rawValue }
    case .connecting: break
    case .connected, .closed:
      if hasReceivedEnd || incoming?.hasUnread == true { bits |= Condition.readable.rawValue }
      if hasSentEnd || outgoing?.hasRoom == true { bits |= Condition.writable.rawValue }
      if hasReceivedEnd && hasSentEnd { bits |= Condition.hangUp.rawValue }
    }
    return Condition(rawValue: bits)
  }

  var isClosed: Bool { if case .closed = state { true } else { false } }
  var isConnecting: Bool { if case .connecting = state { true } else { false } }
  var isConnected: Bool { if case .connected = state { true } else { false } }

  /// The pending error as a call answers it, once.
  func takeError() -> CInt {
    defer { pendingError = 0 }
    return pendingError
  }

  /// The connection is no more: because of the peer, with an error, or of this end, without one.
  func die(_ code: CInt = 0) {
    // A peer that has ended its stream and resets then leaves a broken pipe, not a reset connection.
    pendingError = code == ECONNRESET && peerHasEnded ? EPIPE : code
    state = .closed
    hasReceivedEnd = true
    hasSentEnd = true
  }

  /// `recv`.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> CallResult {
    if let incoming, incoming.unreadCount > 0 { return CallResult(incoming.read(into: buffer)) }
    switch state {
    case .fresh, .listening: return .error(ENOTCONN)
    case .connecting: return .error(EAGAIN)
    case .connected, .closed: break
    }
    if peerHasEnded { return CallResult(0) }
    if pendingError != 0 { return .error(takeError()) }
    if hasReceivedEnd { return CallResult(0) }
    return .error(EAGAIN)
  }

  /// Why nothing can be sent now; `nil` if something can.
  func refusalToSend() -> CallResult? {
    // Over Unix sockets the error is left to who receives.
    if family == .unix && hasSentEnd { return .error(EPIPE) }
    if pendingError != 0 { return .error(takeError()) }
    switch state {
    case .fresh, .listening: return .error(family == .unix ? ENOTCONN : EPIPE)
    case .connecting: return .error(EAGAIN)
    case .connected, .closed: break
    }
    if hasSentEnd { return .error(EPIPE) }
    return outgoing?.room == 0 ? .error(EAGAIN) : nil
  }
}

extension CallResult {
  /// The failure of a call.
  static func error(_ code: CInt) -> CallResult { CallResult(-Int(code)) }
}
