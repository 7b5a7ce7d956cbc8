import Testing

@testable import FramingTransport

@Suite("Happy eyeballs (RFC 8305)")
struct HappyEyeballsTests {
  // MARK: Order

  private static func v4(_ number: UInt32) -> SocketAddress { .ipv4(number, port: 1) }
  private static func v6(_ number: UInt128) -> SocketAddress { .ipv6(number, port: 1) }

  static let orders: [(given: [SocketAddress], tried: [SocketAddress])] = [
    ([], []),
    ([v4(1)], [v4(1)]),
    ([v6(1), v6(2), v6(3), v4(1)], [v6(1), v4(1), v6(2), v6(3)]),
    ([v6(1), v6(2), v4(1), v4(2), v4(3)], [v6(1), v4(1), v6(2), v4(2), v4(3)]),
    ([v4(1), v4(2), v6(1)], [v4(1), v6(1), v4(2)]),
    ([v4(1), v6(1), v4(2), v6(2)], [v4(1), v6(1), v4(2), v6(2)]),
    ([v4(2), v4(1)], [v4(2), v4(1)]),
    ([v6(1), v6(1), v4(1), v6(1), v4(1)], [v6(1), v4(1)]),
  ]

  @Test("try the families in turn, each in the order of the system, and no address twice", arguments: orders)
  func order(given: [SocketAddress], tried: [SocketAddress]) {
    #expect(HappyEyeballs(given).attempts.map(\.address) == tried)
    #expect(HappyEyeballs(given).attempts.allSatisfy { $0.outcome == .notTried })
  }

  // MARK: Stories

  private static let refused = SystemError(call: "connect", code: 111)
  private static let unreachable = SystemError(call: "connect", code: 101)

  typealias Step = (event: HappyEyeballs.Event, actions: [HappyEyeballs.Action])

  /// What is done at first for so many addresses, and then at each event.
  static let stories: [(behaviour: String, count: Int, first: [HappyEyeballs.Action], steps: [Step])] = [
    ("without an address all is lost", 0, [.lose], [(.timeEnded, [])]),
    ("one that connects wins", 1, [.begin(0)], [(.connected(0), [.win(0)])]),
    ("one that fails loses", 1, [.begin(0)], [(.failed(0, refused), [.lose])]),
    ("one that stalls is given up", 1, [.begin(0)], [(.timeEnded, [.abandon(0), .lose])]),
    (
      "what connects just before the time is over has won", 1, [.begin(0)],
      [(.connected(0), [.win(0)]), (.timeEnded, [])]
    ),
    (
      "what connects just after the time is over comes too late", 1, [.begin(0)],
      [(.timeEnded, [.abandon(0), .lose]), (.connected(0), []), (.failed(0, refused), [])]
    ),
    (
      "the first one wins in time, and no other is tried", 3, [.begin(0), .startDelay],
      [(.connected(0), [.win(0)]), (.delayEnded, []), (.connected(0), [])]
    ),
    (
      "a failure has the next one tried at once", 3, [.begin(0), .startDelay],
      [
        (.failed(0, refused), [.begin(1), .startDelay]), (.failed(1, refused), [.begin(2)]),
        (.failed(2, refused), [.lose]),
      ]
    ),
    (
      "silence has the next one tried after the delay, and the last has none after it", 3,
      [.begin(0), .startDelay],
      [
        (.delayEnded, [.begin(1), .startDelay]), (.delayEnded, [.begin(2)]),
        (.connected(1), [.abandon(0), .abandon(2), .win(1)]),
      ]
    ),
    (
      "the first one may still win when others have begun", 2, [.begin(0), .startDelay],
      [(.delayEnded, [.begin(1)]), (.connected(0), [.abandon(1), .win(0)]), (.connected(1), [])]
    ),
    (
      "when any fails, not only the last, the next one is tried", 3, [.begin(0), .startDelay],
      [
        (.delayEnded, [.begin(1), .startDelay]), (.failed(0, refused), [.begin(2)]),
        (.connected(2), [.abandon(1), .win(2)]),
      ]
    ),
    (
      "the last failure is waited for while others are silent", 2, [.begin(0), .startDelay],
      [
        (.delayEnded, [.begin(1)]), (.failed(1, refused), []), (.delayEnded, []),
        (.failed(0, unreachable), [.lose]),
      ]
    ),
    (
      "a failure that is told twice counts once", 3, [.begin(0), .startDelay],
      [(.failed(0, refused), [.begin(1), .startDelay]), (.failed(0, unreachable), []), (.connected(0), [])]
    ),
  ]

  @Test("do at each event what the story says", arguments: stories)
  func story(behaviour: String, count: Int, first: [HappyEyeballs.Action], steps: [Step]) {
    var eyeballs = HappyEyeballs((0..<count).map { Self.v4(UInt32($0)) })
    #expect(eyeballs.begin() == first, "\(behaviour)")
    for (number, step) in steps.enumerated() {
      #expect(eyeballs.handle(step.event) == step.actions, "\(behaviour): event \(number)")
    }
  }

  @Test("say of each address what came of it: its error, no answer, or that there was no time for it")
  func outcomes() {
    var eyeballs = HappyEyeballs((1...4).map { Self.v4($0) })
    _ = eyeballs.begin()
    _ = eyeballs.handle(.failed(0, Self.refused))
    _ = eyeballs.handle(.delayEnded)
    _ = eyeballs.handle(.failed(2, Self.unreachable))
    // The fourth has just begun; give it up with the second.
    #expect(eyeballs.handle(.timeEnded) == [.abandon(1), .abandon(3), .lose])
    #expect(
      eyeballs.attempts.map(\.outcome)
        == [.failed(Self.refused), .noAnswer, .failed(Self.unreachable), .noAnswer])

    var early = HappyEyeballs([Self.v4(1), Self.v4(2)])
    _ = early.begin()
    _ = early.handle(.timeEnded)
    #expect(early.attempts.map(\.outcome) == [.noAnswer, .notTried])
  }

  // MARK: Every course of events

  /// What an address does, `time` after the attempt has begun.
  enum Nature: CaseIterable {
    case winsAtOnce, winsLate, failsAtOnce, failsLate, stalls

    var event: (after: Int, wins: Bool)? {
      switch self {
      case .winsAtOnce: (0, true)
      case .winsLate: (15, true)
      case .failsAtOnce: (0, false)
      case .failsLate: (15, false)
      case .stalls: nil
      }
    }
  }

  /// All courses of up to four addresses, with a delay of 10 and 35 in all, against what can be said without a machine: when
  /// each attempt begins, and which is the first that connects.
  @Test("find the first address that connects, close every other, and keep every error", arguments: 1...4)
  func everyCourse(count: Int) {
    for code in 0..<Int(pow5(count)) {
      let natures = (0..<count).map { Nature.allCases[code / Int(pow5($0)) % 5] }
      check(natures)
    }
  }

  private func pow5(_ exponent: Int) -> UInt { (0..<exponent).reduce(1) { power, _ in power * 5 } }

  private func check(_ natures: [Nature]) {
    let limit = 35
    var eyeballs = HappyEyeballs(natures.indices.map { Self.v4(UInt32($0)) })
    var open: Set<Int> = []
    var began: [Int: Int] = [:]
    var delay: Int?
    var winner: Int?
    var isOver = false

    func perform(_ actions: [HappyEyeballs.Action], at time: Int) {
      for action in actions {
        #expect(!isOver, "\(natures): something after the end")
        switch action {
        case .begin(let number):
          #expect(open.insert(number).inserted)
          #expect(began[number] == nil && number == began.count, "\(natures): \(number) out of turn")
          began[number] = time
        case .startDelay: delay = time + 10
        case .abandon(let number): #expect(open.remove(number) != nil)
        case .win(let number):
          #expect(open.remove(number) != nil)
          (winner, isOver) = (number, true)
        case .lose: isOver = true
        }
      }
    }

    perform(eyeballs.begin(), at: 0)
    for time in 0...limit {
      if time == limit { perform(eyeballs.handle(.timeEnded), at: time) }
      if delay == time {
        delay = nil
        perform(eyeballs.handle(.delayEnded), at: time)
      }
      // An attempt that begins because another has failed may fail at once, too.
      var last = -1
      while began.count != last {
        last = began.count
        for (number, nature) in natures.enumerated() where open.contains(number) {
          guard let event = nature.event, let start = began[number], start + event.after == time else {
            continue
          }
          if !event.wins { open.remove(number) }
          perform(eyeballs.handle(event.wins ? .connected(number) : .failed(number, Self.refused)), at: time)
        }
      }
    }

    #expect(isOver, "\(natures): no end")
    #expect(open.isEmpty, "\(natures): left open")
    for (number, start) in began where number > 0 {
      let before = began[number - 1] ?? 0
      #expect(before <= start && start <= before + 10, "\(natures): \(number) began at \(start)")
    }
    // Whoever wins was the first that could.
    func answer(_ number: Int) -> Int? {
      guard let start = began[number], let event = natures[number].event, event.wins else { return nil }
      return start + event.after < limit ? start + event.after : nil
    }
    let first = natures.indices.compactMap(answer).min()
    #expect(winner.flatMap(answer) == first, "\(natures): \(winner ?? -1) won")
    guard winner == nil else { return }
    for (number, attempt) in eyeballs.attempts.enumerated() {
      switch (began[number], natures[number].event) {
      case (nil, _): #expect(attempt.outcome == .notTried, "\(natures)")
      case (let start?, (let after, wins: false)?) where start + after < limit:
        #expect(attempt.outcome == .failed(Self.refused), "\(natures)")
      default: #expect(attempt.outcome == .noAnswer, "\(natures)")
      }
    }
  }
}
