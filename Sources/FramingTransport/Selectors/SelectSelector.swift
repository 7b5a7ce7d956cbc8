import CSystemShims

/// `select`: portable, and linear in the highest descriptor at every wait.
///
/// The bitmaps are our own and as large as the highest descriptor needs, which Linux accepts; the C library's
/// `FD_SET` would write beyond its 1024 bits. Elsewhere descriptors from 1024 up are refused by name.
///
/// `select` cannot tell a hang-up from the end of a stream: it shows as readable, so at no interest in
/// reading it does not show. The corresponding C function is `select`.
// Unchecked, as the selector's contract says: all but `wake()`, which uses only the waker, is one thread's.
final class SelectSelector: Selector, @unchecked Sendable {
  let kind = SelectorKind.select
  private let system: any SystemCalls
  private let waker: Waker
  private var tokens = DescriptorTable<UInt64>(for: .select)
  private var readable = Bitmap()
  private var writable = Bitmap()
  /// One beyond the highest watched descriptor.
  private var limit = 0

  init(over system: any SystemCalls) throws(SystemError) {
    self.system = system
    waker = try Waker(over: system)
    try add(waker.descriptor, interest: .readable, token: Waker.token)
  }

  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    guard descriptor < CSYS_SELECT_END else {
      throw SystemError(
        call: "select cannot watch a descriptor over \(CSYS_SELECT_END - 1); choose kqueue or poll:",
        code: EINVAL, subject: "\(descriptor)")
    }
    try tokens.insert(token, at: descriptor, system)
    limit = max(limit, Int(descriptor) + 1)
    readable.resize(toHold: limit)
    writable.resize(toHold: limit)
    ask(interest, of: descriptor)
  }

  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    _ = try tokens.find(descriptor)
    tokens.update(token, at: descriptor)
    ask(interest, of: descriptor)
  }

  func remove(_ descriptor: CInt) {
    guard tokens.remove(descriptor) != nil else { return }
    ask([], of: descriptor)
    while limit > 0 && tokens[CInt(limit - 1)] == nil { limit -= 1 }
  }

  func wait(timeout: Int64?, into events: inout ReadyList) throws(SystemError) {
    // The kernel writes its answer over the question.
    var readyToRead = readable
    var readyToWrite = writable
    let result = system.select(
      limit, readable: &readyToRead.words, writable: &readyToWrite.words, timeout: timeout)
    if result.errorCode == EBADF { return reportClosed(into: &events) }
    guard try result.readyCount(of: "select") > 0 else { return }
    collect(readyToRead, readyToWrite, into: &events)
  }

  func wake() { waker.wake() }

  private func collect(_ read: Bitmap, _ write: Bitmap, into events: inout ReadyList) {
    for word in read.words.indices {
      var bits = read.words[word] | write.words[word]
      while bits != 0 {
        let index = word * 64 + bits.trailingZeroBitCount
        bits &= bits - 1
        guard let token = tokens[CInt(index)], !waker.takes(token) else { continue }
        var readiness: Readiness = []
        if read[index] { readiness.insert(.readable) }
        if write[index] { readiness.insert(.writable) }
        events.append(SelectorEvent(token: token, readiness: readiness))
      }
    }
  }

  /// Somebody closed a watched descriptor: its owner hears of a hang-up, all others go on.
  private func reportClosed(into events: inout ReadyList) {
    for descriptor in Array(tokens.descriptors) where !system.isOpen(descriptor) {
      if let token = tokens[descriptor] { events.append(.closed(token)) }
      remove(descriptor)
    }
  }

  private func ask(_ interest: Interest, of descriptor: CInt) {
    readable[Int(descriptor)] = interest.contains(.readable)
    writable[Int(descriptor)] = interest.contains(.writable)
  }
}

/// Bits in words of 64, in the layout of `fd_set` on little-endian machines and on all 64-bit ones.
private struct Bitmap {
  var words: [UInt64] = []

  subscript(index: Int) -> Bool {
    get { words[index >> 6] & (1 << UInt64(index & 63)) != 0 }
    set {
      if newValue {
        words[index >> 6] |= 1 << UInt64(index & 63)
      } else {
        words[index >> 6] &= ~(1 << UInt64(index & 63))
      }
    }
  }

  mutating func resize(toHold count: Int) {
    while words.count * 64 < count { words.append(0) }
  }
}
