import CSystemShims

/// `poll`: portable, and linear in the number of watched sockets at every wait.
///
/// Reports hang-ups at any interest, and descriptors of any number. A limit of open files (`RLIMIT_NOFILE`) that is
/// lowered below the number of watched sockets makes every wait fail (`EINVAL`). The corresponding C function is `poll`.
// Unchecked, as the selector's contract says: all but `wake()`, which uses only the waker, is one thread's.
final class PollSelector: Selector, @unchecked Sendable {
  let kind = SelectorKind.poll
  private let system: any SystemCalls
  private let waker: Waker
  /// What the kernel is asked, without gaps, and the token of each entry at the same place.
  private var entries: [pollfd] = []
  private var tokens: [UInt64] = []
  /// The place of each descriptor in the two.
  private var places = DescriptorTable<Int32>(for: .poll)

  init(over system: any SystemCalls) throws(SystemError) {
    self.system = system
    waker = try Waker(over: system)
    try add(waker.descriptor, interest: .readable, token: Waker.token)
  }

  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    try places.insert(Int32(entries.count), at: descriptor, system)
    entries.append(pollfd(fd: descriptor, events: Int16(interest.bits), revents: 0))
    tokens.append(token)
  }

  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    let place = Int(try places.find(descriptor))
    entries[place].events = Int16(interest.bits)
    tokens[place] = token
  }

  func remove(_ descriptor: CInt) {
    guard let place = places.remove(descriptor) else { return }
    // The last entry fills the gap.
    let last = entries.removeLast()
    let token = tokens.removeLast()
    if last.fd == descriptor { return }
    entries[Int(place)] = last
    tokens[Int(place)] = token
    places.update(place, at: last.fd)
  }

  func wait(timeout: Int64?, into events: inout ReadyList) throws(SystemError) {
    let result = entries.withUnsafeMutableBufferPointer { system.poll($0, timeout: timeout) }
    var left = try result.readyCount(of: "poll")
    var place = 0
    while left > 0 && place < entries.count {
      let (entry, token) = (entries[place], tokens[place])
      if entry.revents != 0 { left -= 1 }
      if CInt(entry.revents) & CInt(CSYS_NOT_OPEN) != 0 {
        events.append(.closed(token))
        remove(entry.fd)
        continue  // Another entry has come to this place.
      }
      if entry.revents != 0 && !waker.takes(token) {
        let bits = UInt32(UInt16(bitPattern: entry.revents))
        events.append(SelectorEvent(token: token, readiness: Readiness(bits: bits)))
      }
      place += 1
    }
  }

  func wake() { waker.wake() }
}
