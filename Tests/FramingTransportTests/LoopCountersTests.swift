import Testing

@testable import FramingTransport

@Suite("The counters of an event loop", .timeLimit(.minutes(5)))
struct LoopCountersTests {
  /// Runs `action` on the loop, in a turn that begins after all before have ended, and waits for it.
  private static func turn(_ loop: EventLoop, _ action: @escaping @Sendable () -> Void = {}) {
    let isDone = Shared(false)
    loop.execute {
      action()
      isDone.set(true)
    }
    isDone.wait { $0 }
  }

  @Test("are zero before the first turn, and count each turn", arguments: SelectorKind.available)
  func turns(kind: SelectorKind) throws {
    let loop = try EventLoop(selector: kind)
    #expect(loop.counters == LoopCounters())
    for least in 1...3 as ClosedRange<UInt64> {
      Self.turn(loop)
      #expect(loop.counters.turns >= least)
    }
  }

  @Test("say how many timers are set and sockets are watched", arguments: SelectorKind.available)
  func contents(kind: SelectorKind) throws {
    let loop = try EventLoop(selector: kind)
    let timers = Shared<[LoopTimer]>([])
    Self.turn(loop) {
      timers.set([1, 2].map { loop.schedule(after: .seconds($0 * 1000)) {} })
    }
    Self.turn(loop)
    #expect(loop.counters.timers == 2)
    #expect(loop.counters.sockets == 0)
    Self.turn(loop) { for timer in timers.value { loop.cancel(timer) } }
    Self.turn(loop)
    #expect(loop.counters.timers == 0)

    let server = try FramedServer(at: .loopback(port: 0), framer: RawFramer(), on: loop)
    // On the loop: the threads of other tasks may all be at tests that wait like this one.
    let task = Task(executorPreference: loop) { try await server.run(onMessage: { _, _ in }) }
    while loop.counters.sockets == 0 { Self.turn(loop) }
    #expect(loop.counters.sockets == 1)
    task.cancel()
    while loop.counters.sockets != 0 { Self.turn(loop) }
  }

  @Test("know the longest turn, not the longest wait", arguments: [false, true])
  func longestTurn(withTimer: Bool) throws {
    let loop = try EventLoop()
    if withTimer { Self.turn(loop) { _ = loop.schedule(after: .seconds(1000)) {} } }
    Self.turn(loop) {
      let end = loop.system.now() + 20_000_000
      while loop.system.now() < end {}
    }
    Self.turn(loop)
    #expect(loop.counters.longestTurn >= .milliseconds(20))
    #expect(loop.counters.longestTurn < .seconds(1000))
  }

  @Test("count the waits that another thread ended")
  func wakeUps() throws {
    let loop = try EventLoop()
    // Without end: whoever finds the loop waiting has to wake it.
    for round in 1...1000 {
      Self.turn(loop)
      if loop.counters.wakeUps > 0 { break }
      #expect(round < 1000, "a loop that was left alone a thousand times never waited")
    }
    #expect(loop.counters.wakeUps <= loop.counters.turns)
  }
}
