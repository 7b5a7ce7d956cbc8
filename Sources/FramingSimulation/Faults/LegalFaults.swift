import CSystemShims

extension SystemCall {
  /// What the manual pages and kernels allow this call to answer, as far as programs have been seen to stumble over it.
  ///
  /// `close` may fail too, and is not asked: the descriptor is gone whatever it answers.
  public var legalFaults: [Fault] {
    switch self {
    case .socket: Self.errors(EMFILE, ENFILE, ENOBUFS, ENOMEM, EAFNOSUPPORT)
    case .bind: Self.errors(EADDRINUSE, EACCES, EADDRNOTAVAIL)
    case .listen: Self.errors(EADDRINUSE)
    case .accept:
      Self.errors(
        EINTR, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO, EPERM) + [.resetAfter]
    case .connect:
      Self.errors(EINTR, EADDRNOTAVAIL) + [.atOnce]
        + [ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET].map { .failsLater($0) }
    case .setOption: Self.errors(EINVAL, ENOPROTOOPT)
    case .takeError: Self.errors(ENOBUFS)
    case .localAddress: Self.errors(ENOBUFS)
    case .getOption: Self.errors(ENOBUFS)
    case .receive:
      Self.errors(EINTR, EAGAIN, ECONNRESET, ETIMEDOUT, ENOMEM) + [.short(1), .shortByOne, .end, .resetAfter]
    case .send:
      Self.errors(EINTR, EAGAIN, ECONNRESET, EPIPE, ENOBUFS) + [.short(1), .shortByOne, .resetAfter]
    case .shutdown: Self.errors(ENOTCONN, EPIPE)
    case .open: Self.errors(EMFILE, ENFILE, ENOMEM)
    case .watch: Self.errors(ENOMEM, ENOSPC)
    case .wait:
      Self.errors(EINTR) + [
        .spurious, .stale, .nothing, .one, .late(seconds: 1), .late(seconds: 30 * 86_400),
      ]
    case .wake: Self.errors(EAGAIN, EINTR)
    case .close, .unwatch: []
    }
  }

  private static func errors(_ codes: CInt...) -> [Fault] { codes.map { .error($0) } }
}
