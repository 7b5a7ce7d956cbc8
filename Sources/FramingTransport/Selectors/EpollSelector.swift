import CSystemShims

/// `epoll`, level-triggered: the kernel keeps the list of sockets, a wait costs what is ready.
///
/// Linux only; elsewhere it cannot be made (`ENOSYS`). A descriptor that somebody else closed is forgotten by the
/// kernel, unless a copy of it is open: its events then go on, under its own token. The corresponding C functions are
/// `epoll_create1`, `epoll_ctl` and `epoll_wait`.
// Unchecked, as the selector's contract says: all but `wake()`, which uses only the waker, is one thread's.
final class EpollSelector: Selector, @unchecked Sendable {
  let kind = SelectorKind.epoll
  private let system: any SystemCalls
  private let epoll: CInt
  private let waker: Waker
  /// Where the kernel stores what it found.
  private let found: UnsafeMutableBufferPointer<csys_event>

  init(over system: any SystemCalls) throws(SystemError) {
    self.system = system
    waker = try Waker(over: system)
    let result = system.epollCreate()
    if let code = result.errorCode { throw SystemError(call: "epoll_create1", code: code) }
    epoll = CInt(result.word)
    found = .allocate(capacity: ReadyList.portion)
    try add(waker.descriptor, interest: .readable, token: Waker.token)
  }

  deinit {
    system.close(epoll)
    found.deallocate()
  }

  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    _ = try attempt("epoll_ctl ADD", on: "\(descriptor)") {
      system.epollControl(epoll, .add(interest, token: token), descriptor)
    }
  }

  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    _ = try attempt("epoll_ctl MOD", on: "\(descriptor)") {
      system.epollControl(epoll, .modify(interest, token: token), descriptor)
    }
  }

  func remove(_ descriptor: CInt) {
    // ENOENT and EBADF say that it is not watched any more, which is what was asked for.
    _ = system.epollControl(epoll, .remove, descriptor)
  }

  func wait(timeout: Int64?, into events: inout ReadyList) throws(SystemError) {
    let result = system.epollWait(epoll, into: found, timeout: timeout)
    for event in found[..<(try result.readyCount(of: "epoll_wait"))] where !waker.takes(event.token) {
      events.append(SelectorEvent(token: event.token, readiness: Readiness(bits: event.readiness)))
    }
  }

  func wake() { waker.wake() }
}
