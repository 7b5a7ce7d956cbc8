#if os(Linux)
import CSystemShims

/// `epoll`, level-triggered: the kernel keeps the list of sockets, a wait costs what is ready.
// Unchecked, as the selector's contract says: all but `wake()`, which uses only the waker, is one thread's.
final class EpollSelector: Selector, @unchecked Sendable {
  let kind = SelectorKind.epoll
  private let epoll: CInt
  private let waker: Waker
  private var ready = [csys_event](repeating: csys_event(), count: 256)

  init() throws(SystemError) {
    waker = try Waker()
    let result = CallResult(csys_epoll_create())
    if let code = result.errorCode { throw SystemError(call: "epoll_create1", code: code) }
    epoll = CInt(result.word)
    try add(waker.descriptor, interest: .readable, token: Waker.token)
  }

  deinit { _ = csys_close(epoll) }

  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    _ = try attempt("epoll_ctl ADD", on: "\(descriptor)") {
      CallResult(csys_epoll_add(epoll, descriptor, interest.events, token))
    }
  }

  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    _ = try attempt("epoll_ctl MOD", on: "\(descriptor)") {
      CallResult(csys_epoll_modify(epoll, descriptor, interest.events, token))
    }
  }

  func remove(_ descriptor: CInt) {
    // ENOENT and EBADF say that it is not watched any more, which is what was asked for.
    _ = csys_epoll_remove(epoll, descriptor)
  }

  func wait(timeout: Int64?, into events: inout [SelectorEvent]) throws(SystemError) {
    let result = CallResult(csys_epoll_wait(epoll, &ready, CInt(ready.count), timeout ?? -1))
    if let code = result.errorCode {
      if code == EINTR { return }
      throw SystemError(call: "epoll_wait", code: code)
    }
    for event in ready[..<result.word] {
      if event.token == Waker.token {
        waker.clear()
      } else {
        events.append(SelectorEvent(token: event.token, readiness: Readiness(events: event.readiness)))
      }
    }
  }

  func wake() { waker.wake() }
}

extension Interest {
  fileprivate var events: UInt32 {
    (contains(.readable) ? UInt32(CSYS_READABLE) : 0) | (contains(.writable) ? UInt32(CSYS_WRITABLE) : 0)
  }
}

extension Readiness {
  fileprivate init(events: UInt32) {
    self = []
    if events & UInt32(CSYS_READABLE) != 0 { insert(.readable) }
    if events & UInt32(CSYS_WRITABLE) != 0 { insert(.writable) }
    if events & UInt32(CSYS_HANG_UP) != 0 { insert(.hangUp) }
  }
}
#endif
