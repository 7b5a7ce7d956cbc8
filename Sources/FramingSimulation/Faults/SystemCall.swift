import CSystemShims

/// The calls to the kernel that a simulation tells apart, by the name that they have in plans and traces.
public enum SystemCall: String, CaseIterable, Hashable, Sendable {
  /// `socket`.
  case socket
  /// `bind`.
  case bind
  /// `listen`.
  case listen
  /// `accept4`, or `accept`.
  case accept
  /// `connect`.
  case connect
  /// `setsockopt`.
  case setOption = "set-option"
  /// `getsockopt` with `SO_ERROR`.
  case takeError = "take-error"
  /// `getsockname`.
  case localAddress = "local-address"
  /// What is asked of a socket that somebody else opened.
  case getOption = "get-option"
  /// `recv`.
  case receive
  /// `send`.
  case send
  /// `shutdown` with `SHUT_WR`.
  case shutdown
  /// `close`.
  case close
  /// Making an `epoll`, `kqueue` or `eventfd`.
  case open
  /// Adding a descriptor to an `epoll` or `kqueue`, or changing what is watched of it.
  case watch
  /// Removing a descriptor from an `epoll` or `kqueue`.
  case unwatch
  /// `select`, `poll`, `epoll_wait`, `kevent`.
  case wait
  /// Ending the wait of another thread.
  case wake

  /// The calls that happen while connections live: a program has to bear whatever these answer.
  public static let ofConnections: [SystemCall] = [
    .accept, .connect, .receive, .send, .shutdown, .wait, .wake,
  ]
}

/// The error numbers that faults may have, by name: the numbers differ between systems, plans do not.
enum ErrorName {
  static let all: [(name: String, code: CInt)] = [
    ("EACCES", EACCES), ("EADDRINUSE", EADDRINUSE), ("EADDRNOTAVAIL", EADDRNOTAVAIL),
    ("EAFNOSUPPORT", EAFNOSUPPORT), ("EAGAIN", EAGAIN), ("EBADF", EBADF), ("ECONNABORTED", ECONNABORTED),
    ("ECONNREFUSED", ECONNREFUSED), ("ECONNRESET", ECONNRESET), ("EEXIST", EEXIST),
    ("EHOSTUNREACH", EHOSTUNREACH), ("EINPROGRESS", EINPROGRESS), ("EINTR", EINTR), ("EINVAL", EINVAL),
    ("EIO", EIO), ("EMFILE", EMFILE), ("ENETUNREACH", ENETUNREACH), ("ENFILE", ENFILE),
    ("ENOBUFS", ENOBUFS), ("ENOENT", ENOENT), ("ENOMEM", ENOMEM), ("ENOPROTOOPT", ENOPROTOOPT),
    ("ENOSPC", ENOSPC), ("ENOTCONN", ENOTCONN), ("EPERM", EPERM), ("EPIPE", EPIPE), ("EPROTO", EPROTO),
    ("ETIMEDOUT", ETIMEDOUT),
  ]

  static func code(_ name: some StringProtocol) -> CInt? { all.first { $0.name == name }?.code }
  static func name(_ code: CInt) -> String { all.first { $0.code == code }?.name ?? "\(code)" }
}
