import CSystemShims

/// `kqueue`, level-triggered: the kernel keeps the list of sockets, a wait costs what is ready.
///
/// Darwin only; elsewhere it cannot be made (`ENOSYS`). Written from the manual page, and **not yet run on Darwin**.
///
/// Reading and writing are filters of their own, each with its own event. A hang-up shows in the filter of an interest
/// that is there: at no interest it does not show. A descriptor that somebody else closed is forgotten by the kernel.
/// The corresponding C functions are `kqueue` and `kevent`.
// Unchecked, as the selector's contract says: all but `wake()`, which uses only the waker, is one thread's.
final class KqueueSelector: Selector, @unchecked Sendable {
  let kind = SelectorKind.kqueue
  private let system: any SystemCalls
  private let queue: CInt
  private let waker: Waker
  private var registrations = DescriptorTable<Registration>(for: .kqueue)
  /// Where the kernel stores what it found.
  private let found: UnsafeMutableBufferPointer<csys_event>

  private struct Registration {
    var interest: Interest
    var token: UInt64
    /// Where its event is among those of the wait that is being read, so that reading and writing become one.
    var event: Int?
  }

  init(over system: any SystemCalls) throws(SystemError) {
    self.system = system
    waker = try Waker(over: system)
    let result = system.kqueueCreate()
    if let code = result.errorCode { throw SystemError(call: "kqueue", code: code) }
    queue = CInt(result.word)
    found = .allocate(capacity: ReadyList.portion)
    try add(waker.descriptor, interest: .readable, token: Waker.token)
  }

  deinit {
    system.close(queue)
    found.deallocate()
  }

  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    try registrations.insert(Registration(interest: [], token: token), at: descriptor, system)
    do throws(SystemError) {
      try change(descriptor, interest: interest, token: token)
    } catch {
      remove(descriptor)
      throw error
    }
  }

  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    var registration = try registrations.find(descriptor)
    registration.token = token
    for filter in [Interest.readable, .writable] {
      if interest.contains(filter) {
        // Also if it is there: a descriptor that was closed behind our back is to be noticed.
        _ = try attempt("kevent ADD", on: "\(descriptor)") {
          system.kqueueControl(queue, .add(filter), descriptor)
        }
      } else if registration.interest.contains(filter) {
        // ENOENT and EBADF say that it is not there any more, which is what was asked for.
        _ = system.kqueueControl(queue, .remove(filter), descriptor)
      }
    }
    registration.interest = interest
    registrations.update(registration, at: descriptor)
  }

  func remove(_ descriptor: CInt) {
    guard registrations.remove(descriptor) != nil else { return }
    for filter in [Interest.readable, .writable] {
      _ = system.kqueueControl(queue, .remove(filter), descriptor)
    }
  }

  func wait(timeout: Int64?, into events: inout ReadyList) throws(SystemError) {
    let result = system.kqueueWait(queue, into: found, timeout: timeout)
    let found = found[..<(try result.readyCount(of: "kevent"))]
    for event in found {
      let descriptor = CInt(truncatingIfNeeded: event.token)
      guard var registration = registrations[descriptor], !waker.takes(registration.token) else { continue }
      var readiness = Readiness(bits: event.readiness)
      if let place = registration.event {
        readiness.formUnion(events[place].readiness)
        events[place] = SelectorEvent(token: registration.token, readiness: readiness)
      } else {
        registration.event = events.count
        registrations.update(registration, at: descriptor)
        events.append(SelectorEvent(token: registration.token, readiness: readiness))
      }
    }
    for event in found {
      let descriptor = CInt(truncatingIfNeeded: event.token)
      guard var registration = registrations[descriptor] else { continue }
      registration.event = nil
      registrations.update(registration, at: descriptor)
    }
  }

  func wake() { waker.wake() }
}
