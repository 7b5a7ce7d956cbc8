import CSystemShims

/// `select`: portable, and linear in the highest descriptor at every wait.
///
/// The bitmaps are our own and as large as the highest descriptor needs, which Linux accepts; the C library's
/// `FD_SET` would write beyond its 1024 bits. Elsewhere descriptors from 1024 up are refused by name.
///
/// `select` cannot tell a hang-up from the end of a stream: it shows as readable, so at no interest in
/// reading it does not show.
// Unchecked, as the selector's contract says: all but `wake()`, which uses only the waker, is one thread's.
final class SelectSelector: Selector, @unchecked Sendable {
  let kind = SelectorKind.select
  private let waker: Waker
  /// The registration of each descriptor, at its index.
  private var registrations: [Registration?] = []
  private var readable = Bitmap()
  private var writable = Bitmap()
  /// One beyond the highest watched descriptor.
  private var limit = 0

  private struct Registration {
    var interest: Interest
    var token: UInt64
  }

  init() throws(SystemError) {
    waker = try Waker()
    try add(waker.descriptor, interest: .readable, token: Waker.token)
  }

  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    try refuseIfTooHigh(descriptor)
    guard csys_is_open(descriptor) != 0 else { throw failure(EBADF, descriptor) }
    let index = Int(descriptor)
    while registrations.count <= index { registrations.append(nil) }
    guard registrations[index] == nil else { throw failure(EEXIST, descriptor) }
    set(Registration(interest: interest, token: token), at: index)
  }

  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    let index = Int(descriptor)
    guard registrations.indices.contains(index), registrations[index] != nil else {
      throw failure(ENOENT, descriptor)
    }
    set(Registration(interest: interest, token: token), at: index)
  }

  func remove(_ descriptor: CInt) {
    let index = Int(descriptor)
    guard registrations.indices.contains(index) else { return }
    set(nil, at: index)
  }

  func wait(timeout: Int64?, into events: inout [SelectorEvent]) throws(SystemError) {
    // The kernel writes its answer over the question.
    var readyToRead = readable
    var readyToWrite = writable
    let result = CallResult(
      csys_select(CInt(limit), &readyToRead.words, &readyToWrite.words, timeout ?? -1))
    switch result.errorCode {
    case nil: collect(readyToRead, readyToWrite, count: result.word, into: &events)
    case EINTR: return
    case EBADF: reportClosedDescriptors(into: &events)
    case let code?: throw SystemError(call: "select", code: code)
    }
  }

  func wake() { waker.wake() }

  private func collect(_ read: Bitmap, _ write: Bitmap, count: Int, into events: inout [SelectorEvent]) {
    guard count > 0 else { return }
    for word in read.words.indices {
      var bits = read.words[word] | write.words[word]
      while bits != 0 {
        let index = word * 64 + bits.trailingZeroBitCount
        bits &= bits - 1
        guard let registration = registrations[index] else { continue }
        if registration.token == Waker.token {
          waker.clear()
          continue
        }
        var readiness: Readiness = []
        if read[index] { readiness.insert(.readable) }
        if write[index] { readiness.insert(.writable) }
        events.append(SelectorEvent(token: registration.token, readiness: readiness))
      }
    }
  }

  /// Somebody closed a watched descriptor: its owner hears of a hang-up, all others go on.
  private func reportClosedDescriptors(into events: inout [SelectorEvent]) {
    for (index, registration) in registrations.enumerated() {
      guard let registration, csys_is_open(CInt(index)) == 0 else { continue }
      set(nil, at: index)
      events.append(SelectorEvent(token: registration.token, readiness: [.hangUp, .readable]))
    }
  }

  private func set(_ registration: Registration?, at index: Int) {
    registrations[index] = registration
    readable.resize(toHold: registrations.count)
    writable.resize(toHold: registrations.count)
    readable[index] = registration?.interest.contains(.readable) ?? false
    writable[index] = registration?.interest.contains(.writable) ?? false
    if registration != nil {
      limit = max(limit, index + 1)
    } else if index + 1 == limit {
      limit = (registrations[..<index].lastIndex { $0 != nil } ?? -1) + 1
    }
  }

  private func refuseIfTooHigh(_ descriptor: CInt) throws(SystemError) {
    #if !os(Linux)
    guard descriptor < 1024 else {
      throw SystemError(
        call: "select cannot watch a descriptor over 1023; choose kqueue or poll:", code: EINVAL,
        subject: "\(descriptor)")
    }
    #endif
  }

  private func failure(_ code: CInt, _ descriptor: CInt) -> SystemError {
    SystemError(call: "select", code: code, subject: "descriptor \(descriptor)")
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
