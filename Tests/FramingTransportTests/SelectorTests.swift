import CSystemShims
import FramingTransport
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What every selector has to keep, over the sockets of this system.
///
/// Unix socket pairs are ready as soon as the other end has acted, so a wait of no time sees all there is.
@Suite("A selector", .serialized, .timeLimit(.minutes(5)))
struct SelectorTests {
  @Test("reports bytes at every wait for as long as they are there", arguments: SelectorKind.available)
  func levelTriggered(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    #expect(selector.kind == kind)
    let pair = try SocketPair()
    try selector.add(pair.near.descriptor, interest: .readable, token: 7)
    #expect(try selector.now() == [:])
    try pair.far.write("ab")
    #expect(try selector.now() == [7: .readable])
    #expect(try selector.now() == [7: .readable])
    #expect(try pair.near.read(1) == "a")
    #expect(try selector.now() == [7: .readable])
    #expect(try pair.near.read(1) == "b")
    #expect(try selector.now() == [:])
  }

  @Test("appends to the events that are there", arguments: SelectorKind.available)
  func appends(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    try selector.add(pair.near.descriptor, interest: .writable, token: 7)
    let before = SelectorEvent(token: 1, readiness: .hangUp)
    var events = ReadyList()
    events.append(before)
    try selector.wait(timeout: 0, into: &events)
    #expect(events.array == [before, SelectorEvent(token: 7, readiness: .writable)])
  }

  @Test(
    "reports room to write until the buffer is full, and again when there is some",
    arguments: SelectorKind.available)
  func writable(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    try selector.add(pair.near.descriptor, interest: .writable, token: 7)
    #expect(try selector.now() == [7: .writable])
    let bytes = [UInt8](repeating: 1, count: 65_536)
    while try pair.near.write(bytes.span) > 0 {}
    #expect(try selector.now() == [:])
    while let text = try pair.far.read(1 << 20), !text.isEmpty {}
    #expect(try selector.now() == [7: .writable])
  }

  @Test("reports what is asked for, and what is asked for next", arguments: SelectorKind.available)
  func interest(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    try pair.far.write("a")
    let descriptor = pair.near.descriptor
    try selector.add(descriptor, interest: [], token: 7)
    #expect(try selector.now() == [:])
    let steps: [(interest: Interest, readiness: Readiness)] = [
      (.readable, .readable), (.writable, .writable), ([.readable, .writable], [.readable, .writable]),
      (.readable, .readable),
    ]
    for step in steps {
      try selector.change(descriptor, interest: step.interest, token: 7)
      #expect(try selector.now() == [7: step.readiness])
    }
    try selector.change(descriptor, interest: [], token: 7)
    #expect(try selector.now() == [:])
  }

  @Test("reports the token of the last change, never the descriptor", arguments: SelectorKind.available)
  func token(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    let token: UInt64 = 0xFEDC_BA98_7654_3210
    try selector.add(pair.near.descriptor, interest: .writable, token: token)
    #expect(try selector.now() == [token: .writable])
    try selector.change(pair.near.descriptor, interest: .writable, token: token + 1)
    #expect(try selector.now() == [token + 1: .writable])
  }

  @Test(
    "is silent about a socket that was removed, until it is added again", arguments: SelectorKind.available)
  func removed(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    let other = try SocketPair()
    try selector.add(other.near.descriptor, interest: .writable, token: 1)
    try selector.add(pair.near.descriptor, interest: [.readable, .writable], token: 2)
    try pair.far.write("a")
    #expect(try selector.now() == [1: .writable, 2: [.readable, .writable]])
    selector.remove(pair.near.descriptor)
    #expect(try selector.now() == [1: .writable])
    try selector.add(pair.near.descriptor, interest: .readable, token: 3)
    #expect(try selector.now() == [1: .writable, 3: .readable])
  }

  @Test("takes removing what it does not watch as nothing", arguments: SelectorKind.available)
  func removeUnknown(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    try selector.add(pair.near.descriptor, interest: .writable, token: 1)
    selector.remove(pair.far.descriptor)
    selector.remove(-1)
    selector.remove(.max)
    #expect(try selector.now() == [1: .writable])
    selector.remove(pair.near.descriptor)
    selector.remove(pair.near.descriptor)
    #expect(try selector.now() == [:])
  }

  @Test(
    "says nothing under the old token of a descriptor that was used again", arguments: SelectorKind.available)
  func reusedDescriptor(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let old = try SocketPair()
    let new = try SocketPair()
    let descriptor = try Descriptors.copy(old.near.descriptor, from: 0)
    defer { _ = csys_close(descriptor) }
    try selector.add(descriptor, interest: .readable, token: 1)
    try old.far.write("old")
    selector.remove(descriptor)
    // Closes the old socket and gives its number to the new one, in one step: no other test comes between.
    #expect(dup2(new.near.descriptor, descriptor) == descriptor)
    try selector.add(descriptor, interest: .readable, token: 2)
    #expect(try selector.now() == [:])
    try new.far.write("new")
    #expect(try selector.now() == [2: .readable])
  }

  @Test("shows the end of the stream as readable", arguments: SelectorKind.available)
  func end(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    try selector.add(pair.near.descriptor, interest: .readable, token: 7)
    try pair.far.shutdownWriting()
    #expect(try selector.now() == [7: .readable])
    #expect(try pair.near.read() == "")
    #expect(try selector.now() == [7: .readable])
  }

  @Test("shows a peer that closed as readable", arguments: SelectorKind.available)
  func peerClosed(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let near = try SocketPair().closeFar()
    try selector.add(near.descriptor, interest: .readable, token: 7)
    #expect(try selector.now()[7]?.contains(.readable) == true)
    #expect(try near.read() == "")
  }

  /// `select` has no sign for a hang-up, and `kqueue` none at no interest: a dead connection is silent there.
  @Test("reports a hang-up at no interest, if the backend can know", arguments: SelectorKind.available)
  func hangUp(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let near = try SocketPair().closeFar()
    try selector.add(near.descriptor, interest: [], token: 7)
    #expect(try selector.now() == ([.select, .kqueue].contains(kind) ? [:] : [7: .hangUp]))
  }

  @Test("reports a connection that was reset", arguments: SelectorKind.available)
  func reset(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try TCPPair()
    try pair.server.set(.resetOnClose)
    let client = pair.closeServer()
    try selector.add(client.descriptor, interest: .readable, token: 7)
    let events = try selector.wait()
    #expect(events[7]?.contains(.readable) == true)
    #expect(events[7]?.contains(.hangUp) == (kind != .select))
  }

  @Test("reports a connection to accept and a connection made", arguments: SelectorKind.available)
  func connecting(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let listener = try Socket.listening(at: .loopback(port: 0))
    try selector.add(listener.descriptor, interest: .readable, token: 1)
    #expect(try selector.now() == [:])
    let client = try Socket.connecting(to: listener.localAddress(), system: Kernel.real)
    #expect(try selector.wait() == [1: .readable])
    selector.remove(listener.descriptor)
    try selector.add(client.descriptor, interest: .writable, token: 2)
    #expect(try selector.wait() == [2: .writable])
    #expect(client.takeError() == nil)
  }

  @Test("reports a connection that was refused as writable", arguments: SelectorKind.available)
  func refused(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    // Bound and not listening: nobody else can be given this port, and nobody answers at it.
    let bound = try TCPPort()
    let client = try Socket.connecting(to: bound.address, system: Kernel.real)
    try selector.add(client.descriptor, interest: .writable, token: 2)
    #expect(try selector.wait()[2]?.contains(.writable) == true)
    #expect(client.takeError() == ECONNREFUSED)
    #expect(client.takeError() == nil)
  }

  @Test(
    "goes on for the others when a descriptor is closed behind its back",
    .enabled(if: Descriptors.limit > 3100, "needs descriptors from 3000 up, which the hard limit forbids"),
    arguments: SelectorKind.available)
  func closedBehindItsBack(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let victim = try SocketPair()
    let other = try SocketPair()
    let descriptor: CInt
    do {
      descriptor = try Descriptors.copy(victim.near.descriptor, from: 3000)
      let far = victim.closeNear()
      try far.write("a")
      try selector.add(descriptor, interest: .readable, token: 1)
      try selector.add(other.near.descriptor, interest: .writable, token: 2)
      #expect(try selector.now() == [1: .readable, 2: .writable])
      _ = csys_close(descriptor)
    }
    // epoll and kqueue forget a socket that is closed; poll is told; select has to find out which one it was.
    var events = try selector.now()
    if [.poll, .select].contains(kind) {
      #expect(events[1]?.contains(.hangUp) == true)
      if kind == .poll { #expect(events[2] == .writable) }
      events = try selector.now()
    }
    #expect(events == [2: .writable])
    #expect(try selector.now() == [2: .writable])
    selector.remove(descriptor)
    // The number can be watched again when it is another socket's.
    let next = try SocketPair()
    #expect(try Descriptors.copy(next.near.descriptor, from: descriptor) == descriptor)
    try selector.add(descriptor, interest: .writable, token: 3)
    #expect(try selector.now() == [2: .writable, 3: .writable])
    selector.remove(descriptor)
    _ = csys_close(descriptor)
  }

  @Test(
    "refuses to add twice, to change the unknown and to add the closed", arguments: SelectorKind.available)
  func refuses(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    let (near, far) = (pair.near.descriptor, pair.far.descriptor)
    try selector.add(near, interest: .readable, token: 1)
    let twice = #expect(throws: SystemError.self) { try selector.add(near, interest: .writable, token: 2) }
    #expect(twice?.code == EEXIST)
    #expect(twice?.subject?.contains("\(near)") == true)
    let unknown = #expect(throws: SystemError.self) {
      try selector.change(far, interest: .writable, token: 3)
    }
    #expect(unknown?.code == ENOENT)
    #expect(unknown?.subject?.contains("\(far)") == true)
    let removed = #expect(throws: SystemError.self) {
      selector.remove(near)
      try selector.change(near, interest: .writable, token: 4)
    }
    #expect(removed?.code == ENOENT)
    let closed = #expect(throws: SystemError.self) { try selector.add(-1, interest: .readable, token: 5) }
    #expect(closed?.code == EBADF)
    // None of it left a trace.
    #expect(try selector.now() == [:])
    try selector.add(near, interest: .writable, token: 6)
    #expect(try selector.now() == [6: .writable])
  }

  @Test("waits no shorter than asked", arguments: SelectorKind.available, [0, 1, 999, 1_500_001] as [Int64])
  func timeout(kind: SelectorKind, nanoseconds: Int64) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let start = Kernel.real.now()
    #expect(try selector.wait(nanoseconds) == [:])
    #expect(Kernel.real.now() - start >= nanoseconds)
  }

  @Test("takes any timeout", arguments: SelectorKind.available, [1_000_000_000, 1 << 53, .max] as [Int64])
  func longTimeout(kind: SelectorKind, nanoseconds: Int64) throws {
    let selector = try Kernel.real.makeSelector(kind)
    selector.wake()
    #expect(try selector.wait(nanoseconds) == [:])
  }

  @Test("waits without end until another thread wakes it", arguments: SelectorKind.available)
  func wakes(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    try selector.add(pair.near.descriptor, interest: .readable, token: 7)
    let turns = Shared(0)
    let thread = try OSThread {
      for turn in 1...3 {
        turns.set(turn)
        turns.wait { $0 == -turn }
        selector.wake()
      }
    }
    for turn in 1...3 {
      turns.wait { $0 == turn }
      // From here on the thread may wake us, before or within the wait.
      turns.set(-turn)
      #expect(try selector.wait() == [:])
    }
    thread.join()
    #expect(try selector.now() == [:])
  }

  @Test("does not lose a wake that comes before the wait", arguments: SelectorKind.available)
  func wakeBefore(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    selector.wake()
    #expect(try selector.wait() == [:])
  }

  @Test("takes many wakes as one", arguments: SelectorKind.available)
  func manyWakes(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    for _ in 0..<100_000 { selector.wake() }
    #expect(try selector.wait() == [:])
    let start = Kernel.real.now()
    #expect(try selector.wait(2_000_000) == [:])
    #expect(Kernel.real.now() - start >= 2_000_000)
  }

  @Test("reports sockets along with a wake", arguments: SelectorKind.available)
  func wakeAndEvents(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    try selector.add(pair.near.descriptor, interest: .writable, token: 7)
    selector.wake()
    #expect(try selector.wait() == [7: .writable])
  }

  @Test(
    "finds the one that is ready among a thousand",
    .enabled(if: Descriptors.limit > 1500, "needs a thousand sockets, which the hard limit forbids"),
    arguments: SelectorKind.available)
  func oneOfMany(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pairs = try (0..<500).map { _ in SharedPair(try SocketPair()) }
    for (index, pair) in pairs.enumerated() {
      try selector.add(pair.near, interest: .readable, token: UInt64(2 * index))
      try selector.add(pair.far, interest: .readable, token: UInt64(2 * index + 1))
    }
    #expect(try selector.now() == [:])
    for index in [0, 250, 499] {
      try pairs[index].pair.far.write("a")
      #expect(try selector.now() == [UInt64(2 * index): .readable])
      #expect(try pairs[index].pair.near.read() == "a")
      try pairs[index].pair.near.write("b")
      #expect(try selector.now() == [UInt64(2 * index + 1): .readable])
      #expect(try pairs[index].pair.far.read() == "b")
    }
    #expect(try selector.now() == [:])
  }

  @Test("tells each of several what it is ready for", arguments: SelectorKind.available)
  func several(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let interests: [Interest] = [.readable, .writable, [.readable, .writable], .readable, .writable]
    var expected: [UInt64: Readiness] = [:]
    let pairs = try interests.map { _ in SharedPair(try SocketPair()) }
    for (index, (pair, interest)) in zip(pairs, interests).enumerated() {
      try pair.pair.far.write("a")
      // All bytes of a token count.
      let token = 0x0102_0304_0506_0700 + UInt64(index)
      try selector.add(pair.near, interest: interest, token: token)
      expected[token] = Readiness(rawValue: interest.rawValue)
    }
    #expect(try selector.now() == expected)
  }

  @Test(
    "starves none of a thousand that stay ready",
    .enabled(if: Descriptors.limit > 1500, "needs a thousand sockets, which the hard limit forbids"),
    arguments: SelectorKind.available)
  func allOfMany(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pairs = try (0..<500).map { _ in SharedPair(try SocketPair()) }
    for (index, pair) in pairs.enumerated() {
      try selector.add(pair.near, interest: .writable, token: UInt64(2 * index))
      try selector.add(pair.far, interest: .writable, token: UInt64(2 * index + 1))
    }
    // A wait may report a part; ten waits have to come to all of them.
    var seen: Set<UInt64> = []
    for _ in 0..<10 { seen.formUnion(try selector.now().keys) }
    #expect(seen == Set(0..<1000))
  }

  #if os(Linux)
  @Test(
    "watches descriptors above 1024",
    .enabled(if: Descriptors.limit > 1600, "needs descriptors above 1024, which the hard limit forbids"),
    arguments: SelectorKind.available)
  func highDescriptors(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    let descriptor = try Descriptors.copy(pair.near.descriptor, from: 1500)
    defer { _ = csys_close(descriptor) }
    #expect(descriptor >= 1500)
    try selector.add(pair.far.descriptor, interest: .readable, token: 1)
    try selector.add(descriptor, interest: .readable, token: 2)
    #expect(try selector.now() == [:])
    try pair.far.write("a")
    #expect(try selector.now() == [2: .readable])
    try pair.near.write("b")
    #expect(try selector.now() == [1: .readable, 2: .readable])
    selector.remove(descriptor)
    #expect(try selector.now() == [1: .readable])
  }
  #endif

  @Test(
    "watches thousands of descriptors, up to 20,000, or refuses them by name",
    .enabled(if: Descriptors.limit >= 20_000, "needs 20,000 descriptors, which the hard limit forbids"))
  func thousandsOfDescriptors() async {
    // In a process of its own, as other tests need descriptors, too.
    await #expect(processExitsWith: .success) {
      #expect(Descriptors.limit >= 20_000)
      let idle = try SocketPair()
      let chosen = try [1000, 1023, 1024, 1025, 4096, 9999, 19_998, 19_999].map { number in
        (number: CInt(number), pair: SharedPair(try SocketPair()))
      }
      for number in CInt(1000)..<20_000 {
        let source = chosen.first { $0.number == number }?.pair.near ?? idle.near.descriptor
        #expect(dup2(source, number) == number)
      }
      for kind in SelectorKind.available {
        let selector = try Kernel.real.makeSelector(kind)
        if kind == .select && CSYS_SELECT_END < 20_000 {
          let error = #expect(throws: SystemError.self) {
            try selector.add(19_999, interest: .readable, token: 1)
          }
          #expect(error?.code == EINVAL && error?.description.contains("19999") == true)
          continue
        }
        for number in CInt(1000)..<20_000 {
          try selector.add(number, interest: .readable, token: UInt64(number))
        }
        #expect(try selector.now() == [:])
        for (number, pair) in chosen {
          try pair.pair.far.write("a")
          #expect(try selector.now() == [UInt64(number): .readable])
          #expect(try pair.pair.near.read() == "a")
        }
        // Those in the middle go first, then the rest from the top.
        for number in CInt(5000)..<15_000 { selector.remove(number) }
        for (_, pair) in chosen { try pair.pair.far.write("b") }
        let left = chosen.filter { !(5000..<15_000).contains($0.number) }.map { UInt64($0.number) }
        #expect(try Set(selector.now().keys) == Set(left))
        for number in (CInt(1001)..<20_000).reversed() { selector.remove(number) }
        #expect(try selector.now() == [1000: .readable])
        for (_, pair) in chosen { #expect(try pair.pair.near.read() == "b") }
        #expect(try selector.now() == [:])
      }
    }
  }

  @Test("returns without an error when a signal comes", arguments: SelectorKind.available)
  func signal(kind: SelectorKind) throws {
    var action = sigaction()
    var before = sigaction()
    #if canImport(Darwin)
    action.__sigaction_u.__sa_handler = { _ in }
    #else
    action.__sigaction_handler.sa_handler = { _ in }
    #endif
    #expect(sigaction(SIGUSR1, &action, &before) == 0)
    defer { _ = sigaction(SIGUSR1, &before, nil) }

    let selector = try Kernel.real.makeSelector(kind)
    let outcome = Shared<Result<[SelectorEvent], SystemError>?>(nil)
    let thread = try OSThread {
      // The threads that run tests block signals, and a thread begins with the mask of the one that started it.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGUSR1)
      pthread_sigmask(CInt(SIG_UNBLOCK), &signals, nil)
      var events = ReadyList()
      do throws(SystemError) {
        try selector.wait(timeout: nil, into: &events)
        outcome.set(.success(events.array))
      } catch {
        outcome.set(.failure(error))
      }
    }
    // Only a signal can end this wait. One that comes before it ends nothing, hence again and again; at growing
    // distances, as a thread that is interrupted all the time gets nowhere.
    var patience = 1
    while outcome.value == nil {
      thread.signal(SIGUSR1)
      patience *= 2
      for _ in 0..<patience where outcome.value == nil { sched_yield() }
    }
    thread.join()
    #expect(outcome.value == .success([]))
    selector.wake()
    #expect(try selector.wait() == [:])
  }
}
