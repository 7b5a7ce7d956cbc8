import CSystemShims

/// Waits until one of many sockets is ready. The contract that every backend keeps:
///
/// - **Level-triggered.** Readiness is reported at every wait for as long as it lasts.
/// - **A token is the key.** Events carry the token of the registration, never the descriptor, which may have
///   been closed and given to another socket in the same turn. Tokens are the caller's and never come again.
/// - **Hang-up cannot be masked.** A connection that is dead in both directions, or has met an error, is reported
///   with ``Readiness/hangUp`` at whatever interest, unless the backend cannot know (`select`, and `kqueue` at no
///   interest). Whoever wants nothing of a socket any more removes it, or hears of its end at every wait.
/// - **A hint, not a promise.** Readiness may be gone, or spurious, when it is looked at: sockets never block.
/// - **Nobody else's mistake ends the process.** A descriptor that was closed behind the selector's back is
///   reported as hung up, once (`poll`, `select`), or not any more; waiting goes on for the others. To change what is
///   watched of it is an error, which ends its own connection only.
///
/// Everything but ``wake()`` belongs to one thread.
package protocol Selector: AnyObject, Sendable {
  /// Which backend this is.
  var kind: SelectorKind { get }

  /// Begins to watch `descriptor`, which must not be watched already.
  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError)

  /// Changes what is watched of `descriptor`.
  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError)

  /// Ends watching `descriptor`; call before closing it. It need not be open any more.
  func remove(_ descriptor: CInt)

  /// Waits for events, at most until `timeout` nanoseconds have passed, and appends them.
  ///
  /// Returns early, perhaps without an event, when woken or interrupted by a signal. `nil` waits without end.
  func wait(timeout: Int64?, into events: inout ReadyList) throws(SystemError)

  /// Makes a wait under way, or the next one, return at once. From any thread.
  func wake()
}

/// What to watch of a socket.
package struct Interest: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Bytes, the end of the stream, a connection to accept, or an error can be read.
  package static let readable = Interest(rawValue: 1)
  /// Bytes can be written, or connecting has come to an end.
  package static let writable = Interest(rawValue: 2)
}

/// What a socket is ready for.
package struct Readiness: OptionSet, BitwiseCopyable, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// See ``Interest/readable``.
  package static let readable = Readiness(rawValue: 1)
  /// See ``Interest/writable``.
  package static let writable = Readiness(rawValue: 2)
  /// The connection has ended in both directions or met an error; what came before can still be read.
  package static let hangUp = Readiness(rawValue: 4)
}

/// A socket that is ready: the token of its registration, and for what.
package struct SelectorEvent: BitwiseCopyable, Hashable, Sendable {
  package let token: UInt64
  package let readiness: Readiness

  package init(token: UInt64, readiness: Readiness) {
    self.token = token
    self.readiness = readiness
  }
}

extension Interest {
  /// As the shims take it: the bits of `poll`.
  var bits: UInt32 {
    (contains(.readable) ? UInt32(CSYS_READABLE) : 0) | (contains(.writable) ? UInt32(CSYS_WRITABLE) : 0)
  }
}

extension Readiness {
  /// From what the shims answer: the bits of `poll`.
  init(bits: UInt32) {
    self = []
    if bits & UInt32(CSYS_READABLE) != 0 { insert(.readable) }
    if bits & UInt32(CSYS_WRITABLE) != 0 { insert(.writable) }
    if bits & UInt32(CSYS_HANG_UP) != 0 { insert(.hangUp) }
  }
}

extension SelectorEvent {
  /// What the owner hears of a descriptor that somebody else closed: reading it will say what is wrong.
  static func closed(_ token: UInt64) -> SelectorEvent {
    SelectorEvent(token: token, readiness: [.hangUp, .readable])
  }
}

extension CallResult {
  /// How many descriptors a wait found ready. None if a signal ended it, or if the kernel was short of memory for
  /// the moment and says so by `EAGAIN`.
  func readyCount(of call: StaticString) throws(SystemError) -> Int {
    switch errorCode {
    case nil: return word
    case EINTR, EAGAIN: return 0
    case let code?: throw SystemError(call: "\(call)", code: code)
    }
  }
}
