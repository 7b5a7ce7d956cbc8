import Testing

@testable import FramingTransport

@Suite("The timer queue")
struct TimerQueueTests {
  /// A linear congruential generator: the same numbers in every run.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  @Test("agrees with a sorted array over thousands of steps", arguments: 1...8 as ClosedRange<UInt64>)
  func model(seed: UInt64) {
    var random = Seeded(state: seed)
    var queue = TimerQueue()
    /// Live timers in the order in which they have to fire.
    var model: [(deadline: Int64, number: Int)] = []
    var timers: [LoopTimer] = []
    var fired: [Int] = []
    var expected: [Int] = []
    var now: Int64 = 0

    for _ in 0..<5000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        // Few different deadlines, so that many are equal; some have passed already.
        let deadline = now + Int64.random(in: -5...40, using: &random)
        let number = timers.count
        timers.append(LoopTimer { fired.append(number) })
        queue.add(timers[number], at: deadline)
        let index = model.firstIndex { $0.deadline > deadline } ?? model.endIndex
        model.insert((deadline, number), at: index)
      case 5..<8:
        // Any timer that ever was: live, fired or cancelled.
        guard let number = timers.indices.randomElement(using: &random) else { continue }
        queue.cancel(timers[number])
        model.removeAll { $0.number == number }
      default:
        now += Int64.random(in: 0...10, using: &random)
        while let timer = queue.popDue(now) { timer.timerFired() }
        expected += model.prefix { $0.deadline <= now }.map(\.number)
        model.removeAll { $0.deadline <= now }
        if fired != expected {
          Issue.record("fired \(fired.suffix(5)), expected \(expected.suffix(5))")
          return
        }
      }
      for (number, timer) in timers.enumerated() {
        let expected = model.first { $0.number == number }?.deadline
        let deadline = queue.deadline(of: timer)
        if deadline != expected {
          Issue.record("timer \(number) fires at \(String(describing: deadline))")
          return
        }
      }
      if queue.isEmpty != model.isEmpty || queue.nextDeadline != model.first?.deadline {
        Issue.record("the next deadline is not \(String(describing: model.first?.deadline))")
        return
      }
    }
    while let timer = queue.popDue(.max) { timer.timerFired() }
    #expect(fired == expected + model.map(\.number))
    let isEmpty = queue.isEmpty
    #expect(isEmpty)
  }

  @Test("fires timers of one deadline in the order in which they were set")
  func equalDeadlines() {
    var queue = TimerQueue()
    var fired: [Int] = []
    for number in 0..<100 { queue.add(LoopTimer { fired.append(number) }, at: 5) }
    while let timer = queue.popDue(5) { timer.timerFired() }
    #expect(fired == Array(0..<100))
  }

  @Test("fires at the deadline and not before")
  func deadline() {
    var queue = TimerQueue()
    queue.add(LoopTimer {}, at: 10)
    let before = queue.popDue(9) == nil
    let at = queue.popDue(10) != nil
    let after = queue.popDue(11) == nil
    #expect(before && at && after)
    let next = queue.nextDeadline
    #expect(next == nil)
  }

  @Test("takes cancelling after firing, and cancelling twice, as nothing")
  func cancelLate() {
    var queue = TimerQueue()
    var fired: [String] = []
    let first = LoopTimer { fired.append("first") }
    let second = LoopTimer { fired.append("second") }
    queue.add(first, at: 1)
    queue.add(second, at: 2)
    queue.popDue(1)?.timerFired()
    queue.cancel(first)
    queue.cancel(first)
    let next = queue.nextDeadline
    #expect(next == 2)
    queue.popDue(2)?.timerFired()
    queue.cancel(second)
    #expect(fired == ["first", "second"])
    let isEmpty = queue.isEmpty
    #expect(isEmpty)
  }

  @Test("lets go at once of whom a cancelled timer was to tell")
  func releases() {
    var queue = TimerQueue()
    weak var witness: LoopTimer?
    let early = LoopTimer {}
    queue.add(early, at: 1)
    do {
      let late = LoopTimer {}
      witness = late
      queue.add(late, at: 2)
    }
    #expect(witness != nil)
    if let witness { queue.cancel(witness) }
    #expect(witness == nil)
    queue.cancel(early)
    let isEmpty = queue.isEmpty
    #expect(isEmpty)
  }
}
