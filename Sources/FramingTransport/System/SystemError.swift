import CSystemShims

/// What one system call answered: its result, or the error number.
///
/// One word, so that no later call can overwrite `errno` in between.
package struct CallResult: Hashable, Sendable {
  /// The result if it is not below zero, else the negated error number.
  package let word: Int

  /// A result as C answered it.
  @inlinable
  package init(_ word: Int) { self.word = word }

  /// The error number, if the call failed.
  @inlinable
  package var errorCode: CInt? { word < 0 ? CInt(truncatingIfNeeded: -word) : nil }
}

/// A system call that failed: which, on what, and the error number of the system (`errno`).
public struct SystemError: Error, Hashable, Sendable {
  /// The name of the call, as `bind`.
  public let call: String
  /// The error number, as `EADDRINUSE`.
  public let code: CInt
  /// What the call was to act on, as "127.0.0.1:7777".
  public let subject: String?

  /// The failure of `call` with `code`.
  public init(call: String, code: CInt, subject: String? = nil) {
    self.call = call
    self.code = code
    self.subject = subject
  }

  /// Whether the peer, or the network, ended the connection: `ECONNRESET`, `EPIPE`, `ETIMEDOUT` and the like.
  public var isPeerGone: Bool {
    [ECONNRESET, EPIPE, ETIMEDOUT, ECONNABORTED, ENOTCONN, EHOSTUNREACH, ENETUNREACH].contains(code)
  }
}

extension SystemError: CustomStringConvertible {
  /// One line: "bind 127.0.0.1:7777: Address already in use (98)".
  public var description: String {
    let target = subject.map { " \($0)" } ?? ""
    return "\(call)\(target): \(String(cString: strerror(code))) (\(code))"
  }
}
