import CSystemShims
import Foundation
import Framing
import Testing

@testable import FramingTransport

@Suite("An event loop", .timeLimit(.minutes(5)))
struct EventLoopTests {
  @Test("runs the jobs of all threads on one thread, in order for each", arguments: SelectorKind.available)
  func jobs(kind: SelectorKind) throws {
    let loop = try EventLoop(selector: kind)
    #expect(loop.selectorKind == kind)
    let timer = loop.keepThread()
    defer { loop.execute { loop.cancel(timer) } }

    struct Run: Sendable {
      let submitter: Int
      let number: Int
      let thread: UInt
      let isCurrent: Bool
    }
    let runs = Shared<[Run]>([])
    let threads = try (0..<8).map { submitter in
      try OSThread {
        for number in 0..<500 {
          loop.execute {
            let run = Run(
              submitter: submitter, number: number, thread: UInt(csys_thread_current()),
              isCurrent: loop.isCurrent)
            runs.change { $0.append(run) }
          }
        }
      }
    }
    for thread in threads { thread.join() }
    runs.wait { $0.count == 8 * 500 }
    let all = runs.value
    #expect(Set(all.map(\.thread)).count == 1)
    #expect(all.allSatisfy { $0.isCurrent })
    for submitter in 0..<8 {
      #expect(all.filter { $0.submitter == submitter }.map(\.number) == Array(0..<500))
    }
  }

  @Test("runs a job that its own thread submits later, and in order")
  func nestedJobs() throws {
    let loop = try EventLoop()
    let order = Shared<[String]>([])
    loop.execute {
      for name in ["b", "c"] { loop.execute { order.change { $0.append(name) } } }
      order.change { $0.append("a") }
    }
    order.wait { $0.count == 3 }
    #expect(order.value == ["a", "b", "c"])
  }

  @Test("serves its sockets while jobs go on submitting jobs")
  func jobsDoNotStarveTimers() throws {
    let loop = try EventLoop()
    let fired = Shared(false)
    @Sendable func again() {
      if !fired.value { loop.execute { again() } }
    }
    loop.execute { _ = loop.schedule(after: .milliseconds(1)) { fired.set(true) } }
    loop.execute { again() }
    fired.wait { $0 }
  }

  @Test("keeps a task that prefers it, across awaits", arguments: SelectorKind.available)
  func executorPreference(kind: SelectorKind) async throws {
    let loop = try EventLoop(selector: kind)
    let onLoop = await Task(executorPreference: loop) {
      var onLoop = [loop.isCurrent]
      await Task.yield()
      onLoop.append(loop.isCurrent)
      onLoop.append(await Self.isCurrent(loop))
      onLoop.append(await Self.isCurrentConcurrently(loop))
      async let child = Self.isCurrentConcurrently(loop)
      onLoop.append(await child)
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<10 {
          group.addTask {
            await Task.yield()
            return loop.isCurrent
          }
        }
        for await isCurrent in group { onLoop.append(isCurrent) }
      }
      // Something that is not on the loop resumes it.
      await withCheckedContinuation { continuation in
        Task.detached { continuation.resume() }
      }
      onLoop.append(loop.isCurrent)
      return onLoop
    }.value
    #expect(onLoop.count == 16)
    #expect(onLoop.allSatisfy { $0 })
    #expect(!loop.isCurrent)
    await withTaskExecutorPreference(loop) {
      await Task.yield()
      #expect(loop.isCurrent)
    }
  }

  private nonisolated(nonsending) static func isCurrent(_ loop: EventLoop) async -> Bool { loop.isCurrent }
  @concurrent private static func isCurrentConcurrently(_ loop: EventLoop) async -> Bool { loop.isCurrent }

  private actor Resident {
    let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop) { self.loop = loop }

    func isCurrent() -> Bool { loop.isCurrent }
    nonisolated func assumed() -> Bool { assumeIsolated { $0.loop.isCurrent } }
  }

  @Test("is the executor of an actor, which may be assumed on the loop's thread")
  func actors() async throws {
    let loop = try EventLoop()
    let resident = Resident(on: loop)
    #expect(await resident.isCurrent())
    let assumed = Shared<Bool?>(nil)
    loop.execute { assumed.set(resident.assumed()) }
    assumed.wait { $0 != nil }
    #expect(assumed.value == true)
  }

  @Test("is current on its own thread and on no other loop's")
  func isCurrent() throws {
    let (loop, other) = (try EventLoop(), try EventLoop())
    #expect(!loop.isCurrent)
    #expect(loop.isIsolatingCurrentContext() == false)
    let seen = Shared<[Bool]>([])
    loop.execute {
      seen.change { $0 += [loop.isCurrent, loop.isIsolatingCurrentContext() ?? false, other.isCurrent] }
    }
    seen.wait { $0.count == 3 }
    #expect(seen.value == [true, true, false])
    other.execute { seen.change { $0 += [other.isCurrent, loop.isCurrent] } }
    seen.wait { $0.count == 5 }
    #expect(seen.value.suffix(2) == [true, false])
    #expect(!loop.isCurrent)
  }

  @Test(
    "ends its thread when it has nothing to do, and starts another one for the next job",
    arguments: SelectorKind.available)
  func threadEndsAndStartsAgain(kind: SelectorKind) throws {
    let loop = try EventLoop(selector: kind, system: Kernel.real, idleTime: 0)
    for _ in 0..<20 {
      let hasEnded = Shared(false)
      let wasCurrent = Shared<Bool?>(nil)
      loop.execute {
        ThreadEnd.observe { hasEnded.set(true) }
        wasCurrent.set(loop.isCurrent)
      }
      hasEnded.wait { $0 }
      #expect(wasCurrent.value == true)
      #expect(!loop.isCurrent)
    }
  }

  @Test("loses no job that comes while its thread ends")
  func jobsWhileThreadEnds() throws {
    let loop = try EventLoop(selector: nil, system: Kernel.real, idleTime: 0)
    let count = Shared(0)
    for number in 1...5000 {
      loop.execute { count.change { $0 += 1 } }
      count.wait { $0 == number }
    }
    #expect(count.value == 5000)
  }

  @Test("keeps its thread for a timer, and lets it go after")
  func threadStaysForTimer() throws {
    let loop = try EventLoop(selector: nil, system: Kernel.real, idleTime: 0)
    let fired = Shared<Bool?>(nil)
    let hasEnded = Shared(false)
    loop.execute {
      ThreadEnd.observe { hasEnded.set(true) }
      _ = loop.schedule(after: .milliseconds(2)) { fired.set(!hasEnded.value && loop.isCurrent) }
    }
    hasEnded.wait { $0 }
    #expect(fired.value == true)
  }

  @Test("is let go of with its thread")
  func deinitializes() throws {
    weak var witness: EventLoop?
    let hasEnded = Shared(false)
    do {
      let loop = try EventLoop(selector: nil, system: Kernel.real, idleTime: 0)
      witness = loop
      loop.execute { ThreadEnd.observe { hasEnded.set(true) } }
    }
    hasEnded.wait { $0 }
    #expect(witness == nil)
  }

  private final class CountingSource: EventSource, @unchecked Sendable {
    let seen = Shared<[Readiness]>([])
    let flushes = Shared(0)
    nonisolated func ready(_ readiness: Readiness) { seen.change { $0.append(readiness) } }
    nonisolated func flush() { flushes.change { $0 += 1 } }
  }

  @Test(
    "tells a source that its socket is ready, and flushes it before it waits",
    arguments: SelectorKind.available)
  func sources(kind: SelectorKind) throws {
    let loop = try EventLoop(selector: kind)
    let pair = try SocketPair()
    let descriptor = pair.near.descriptor
    let source = CountingSource()
    let token = Shared<UInt64?>(nil)
    loop.execute {
      token.set(try? loop.add(source, descriptor: descriptor, interest: .readable))
      loop.flushSoon(source)
    }
    source.flushes.wait { $0 == 1 }
    #expect(source.seen.value == [])
    try pair.far.write("a")
    source.seen.wait { !$0.isEmpty }
    let isRemoved = Shared(false)
    loop.execute {
      if let token = token.value { loop.remove(token, descriptor: descriptor) }
      isRemoved.set(true)
    }
    isRemoved.wait { $0 }
    // Level-triggered: it heard of the byte at every turn, and of nothing else.
    #expect(Set(source.seen.value) == [.readable])
    #expect(source.flushes.value == 1)
  }
}

// MARK: - Sources that go while they are ready

extension EventLoopTests {
  private final class ClosureSource: EventSource, @unchecked Sendable {
    let action: @Sendable (Readiness) -> Void
    init(_ action: @escaping @Sendable (Readiness) -> Void) { self.action = action }
    nonisolated func ready(_ readiness: Readiness) { action(readiness) }
    nonisolated func flush() {}
  }

  @Test(
    "gives the event of a source that was removed in the same turn to nobody, not to the new owner of its descriptor",
    .enabled(if: Descriptors.limit > 3100, "needs descriptors from 3000 up, which the hard limit forbids"),
    arguments: SelectorKind.available)
  func reusedInOneTurn(kind: SelectorKind) throws {
    let loop = try EventLoop(selector: kind)
    let (pairs, idle) = (try (0..<2).map { _ in SharedPair(try SocketPair()) }, SharedPair(try SocketPair()))
    let descriptors = try pairs.map { try Descriptors.copy($0.near, from: 3000) }
    for pair in pairs { try pair.pair.far.write("a") }
    let tokens = Shared<[UInt64]>([])
    let log = Shared<[String]>([])
    let added = Shared<(token: UInt64, descriptor: CInt)?>(nil)
    let idleDescriptor = idle.near
    let newcomer = ClosureSource { _ in
      log.change { $0.append("new") }
      if let added = added.value { loop.remove(added.token, descriptor: added.descriptor) }
    }
    /// Whichever is served first gives the descriptor of the other one away.
    let sources = (0..<2).map { index in
      ClosureSource { _ in
        log.change { $0.append("old") }
        let (tokens, other) = (tokens.value, 1 - index)
        loop.remove(tokens[index], descriptor: descriptors[index])
        loop.remove(tokens[other], descriptor: descriptors[other])
        guard dup2(idleDescriptor, descriptors[other]) == descriptors[other] else { return }
        guard let token = try? loop.add(newcomer, descriptor: descriptors[other], interest: .readable) else {
          return
        }
        added.set((token, descriptors[other]))
      }
    }
    loop.execute {
      for (source, descriptor) in zip(sources, descriptors) {
        guard let token = try? loop.add(source, descriptor: descriptor, interest: .readable) else { return }
        tokens.change { $0.append(token) }
      }
    }
    added.wait { $0 != nil }
    loop.finishTurn()
    #expect(log.value == ["old"])
    try idle.pair.far.write("b")
    log.wait { $0.last == "new" }
    #expect(log.value == ["old", "new"])
    #expect(added.value.map { !tokens.value.contains($0.token) } == true)
    loop.finishTurn()
    for descriptor in descriptors { _ = csys_close(descriptor) }
  }

  /// HUP and ERR cannot be masked: a connection that wants nothing is not watched, or the loop would spin.
  @Test(
    "does not spin for a connection that is dead and that nobody reads", arguments: SelectorKind.available)
  func pausedHangUp(kind: SelectorKind) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: kind, system: kernel)
    let path = "\(NSTemporaryDirectory())framing-\(UInt64.random(in: 0 ... .max))"
    defer { unlink(path) }
    let release = Signal()
    let server = try FramedServer(at: .unix(path: path), framer: LengthPrefixedFramer(), on: loop)
    async let serving: Void = server.run { _ in await release.wait() }
    let client = try await server.connect()
    // More than the server reads ahead of its handler.
    try await client.queue([UInt8](repeating: 1, count: 100 << 10))
    try await client.flush()
    await client.reset()
    let waits = await kernel.waits(of: loop, within: .milliseconds(50))
    #expect(waits < 50, "\(waits) waits in 50 ms")
    release.give()
    server.shutdown()
    try await serving
    #expect(kernel.open.isEmpty)
  }

  @Test("goes on when somebody closes a connection's descriptor, which costs that one connection")
  func closedBehindItsBack() async {
    // In a process of its own, so that the number is nobody else's.
    await #expect(processExitsWith: .success) {
      for way in Way.all {
        let kernel = FaultyKernel()
        let loop = try EventLoop(selector: way.selector, system: kernel)
        try await withEcho(way, on: loop) { server, failures in
          let (other, victim) = (try await server.connect(), try await server.connect())
          for client in [other, victim] {
            try await client.send([1])
            #expect(try await client.receive() == [1])
          }
          let own = Set([await victim.descriptor, await other.descriptor])
          let descriptor = try #require(kernel.open.subtracting(own).max())
          loop.execute { _ = csys_close(descriptor) }
          // The peer sees the end at once. poll and select tell the loop, too; epoll and kqueue forget the descriptor,
          // and the loop learns it when it next uses it, here when the server stops.
          #expect(try await victim.receive() == nil)
          if [.poll, .select].contains(way.selector) {
            let failure = await failures.next()?.error as? ConnectionError
            #expect(failure == .system(SystemError(call: "recv", code: EBADF)))
          }
          try await other.send([2])
          #expect(try await other.receive() == [2])
          await victim.reset()
          try await other.close()
        }
        #expect(kernel.open.isEmpty)
      }
    }
  }
}

// MARK: - Support

extension EventLoop {
  /// Returns once the turn that is under way is over.
  fileprivate func finishTurn() {
    let isOver = Shared(false)
    execute { isOver.set(true) }
    isOver.wait { $0 }
  }

  /// Keeps the thread of the loop until the timer is cancelled.
  fileprivate func keepThread() -> LoopTimer {
    let timer = Shared<LoopTimer?>(nil)
    execute { timer.set(self.schedule(after: .seconds(3600)) {}) }
    while true {
      if let timer = timer.value { return timer }
      sched_yield()
    }
  }
}
