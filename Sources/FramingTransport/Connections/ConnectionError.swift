import Framing

// Indirect, so that a connection holds a pointer and not the largest of them.
/// Why a connection cannot go on, or a message cannot be sent on it.
public indirect enum ConnectionError: Error, Hashable, Sendable {
  /// The bytes that came are not frames, or the message cannot be framed.
  case framing(FramingError)
  /// A frame over the limit was left out, as the framer was told (`TooLongFrame.discard`); the connection goes on.
  case leftOut(FramingError)
  /// The PROXY header that a trusted proxy has to send first is wrong, or missing.
  case proxy(ProxyError)
  /// A system call failed; most often the peer has gone.
  case system(SystemError)
  /// The host to connect to has no address, or none that could be found.
  case unknownHost(SocketAddress.UnknownHost)
  /// None of the addresses of a host could be connected to: each of them, in the order of trying, and why.
  case unreachable([ConnectAttempt])
  /// The connection was closed, or its sending side was finished, by this program.
  case closed
  /// The connection was closed at its deadline, when so many framed bytes could not be sent.
  case unsent(bytes: Int)
  /// The connection was closed because something took longer than its limits allow.
  case timedOut(TimeLimit)
  /// The connection was reset at once because the server has as many as it may have.
  case refused(ConnectionCap)
  /// The server stopped, and its time was over before this connection was finished.
  case cut
  /// The task that waited was cancelled.
  case cancelled
  /// A synchronous handler threw this.
  case handler(String)
}

extension ConnectionError: CustomStringConvertible {
  /// One sentence that says what, where and how much.
  public var description: String {
    switch self {
    case .framing(let error): error.description
    case .leftOut(let error): "\(error); it was left out"
    case .proxy(let error): error.description
    case .system(let error): error.description
    case .unknownHost(let error): error.description
    case .unreachable(let attempts):
      "none of \(attempts.count) addresses could be connected to: "
        + attempts.map(\.description).joined(separator: "; ")
    case .closed: "the connection was closed by this side before"
    case .unsent(let bytes): "the peer did not take the last \(bytes) bytes in time"
    case .timedOut(let limit): limit.sentence
    case .refused(.total): "refused: there are as many connections as there may be"
    case .refused(.perPeer): "refused: there are as many connections from its address as there may be"
    case .cut: "the server stopped before the connection was finished"
    case .handler(let error): error
    case .cancelled: "the waiting task was cancelled"
    }
  }
}
