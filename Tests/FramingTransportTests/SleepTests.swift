import Framing
import FramingTransport
import Testing

@Suite("Sleeping on an event loop", .timeLimit(.minutes(5)))
struct SleepTests {
  @Test("lasts until the deadline, and never ends before", arguments: SelectorKind.available)
  func deadline(kind: SelectorKind) async throws {
    let loop = try EventLoop(selector: kind)
    for milliseconds in [0, 1, 3] {
      let deadline = loop.clock.now.advanced(by: .milliseconds(milliseconds))
      try await loop.sleep(until: deadline)
      #expect(loop.clock.now >= deadline)
    }
    let start = loop.clock.now
    try await loop.sleep(for: .milliseconds(2))
    #expect(start.duration(to: loop.clock.now) >= .milliseconds(2))
    try await Task.sleep(until: loop.clock.now.advanced(by: .milliseconds(1)), clock: loop.clock)
  }

  @Test("returns at once if the deadline has passed")
  func past() async throws {
    let loop = try EventLoop()
    try await loop.sleep(until: loop.clock.now)
    try await loop.sleep(for: .seconds(-5))
    try await loop.sleep(until: LoopClock.Instant(nanoseconds: .min))
  }

  @Test("wakes those with the earlier deadline first, whoever began first")
  func order() async throws {
    let loop = try EventLoop()
    let woken = Log<Int>()
    let start = loop.clock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in [3, 1, 2] {
        group.addTask(executorPreference: loop) {
          try await loop.sleep(until: start.advanced(by: .milliseconds(20 + number)))
          woken.add(number)
        }
      }
      try await group.waitForAll()
    }
    #expect(woken.entries == [1, 2, 3])
  }

  @Test(
    "ends at once when the task is cancelled: before, while and after it waits", arguments: [false, true])
  func cancelled(onLoop: Bool) async throws {
    let loop = try EventLoop()
    let sleep: @Sendable () async -> CancellationError? = {
      await error { () async throws(CancellationError) in try await loop.sleep(for: .seconds(86_400)) }
    }
    let before = Task(executorPreference: onLoop ? loop : nil) {
      withUnsafeCurrentTask { $0?.cancel() }
      return await sleep()
    }
    #expect(await before.value != nil)
    // At any moment around the beginning of the wait, it is resumed once.
    for turns in 0..<20 {
      let task = Task(executorPreference: onLoop ? loop : nil) { await sleep() }
      for _ in 0..<turns { await Task.yield() }
      task.cancel()
      #expect(await task.value != nil)
    }
    let after = Task(executorPreference: onLoop ? loop : nil) {
      try await loop.sleep(for: .milliseconds(1))
      withUnsafeCurrentTask { $0?.cancel() }
    }
    try await after.value
  }

  @Test("lets go of its timer when it is cancelled: the loop's thread need not stay for it")
  func timerGoes() async throws {
    let loop = try EventLoop(selector: nil, system: Kernel.real, idleTime: 0)
    let hasEnded = Shared(false)
    let task = Task { try await loop.sleep(for: .seconds(86_400)) }
    loop.execute { ThreadEnd.observe { hasEnded.set(true) } }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    while !hasEnded.value { await Task.yield() }
  }

  @Test("counts moments as a clock does, and stays within what 64 bits can count")
  func moments() {
    let zero = LoopClock.Instant(nanoseconds: 0)
    let later = zero.advanced(by: .microseconds(5))
    #expect(later.nanoseconds == 5000)
    #expect(zero < later && !(later < zero))
    #expect(later.duration(to: zero) == .microseconds(-5))
    #expect(later.advanced(by: .seconds(Int64.max)).nanoseconds == .max)
    let first = LoopClock.Instant(nanoseconds: .min)
    #expect(first.advanced(by: .nanoseconds(-1)) == first)
    #expect(first.duration(to: LoopClock.Instant(nanoseconds: .max)) > .seconds(18_000_000_000))
  }
}
