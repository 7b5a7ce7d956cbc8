@testable import FramingTransport
import Testing

@Suite("The clock of a connection")
struct ConnectionClockTests {
  private static let second: Int64 = 1_000_000_000
  private static let limits: ConnectionLimits = {
    var limits = ConnectionLimits()
    limits.handshakeTime = .seconds(10)
    limits.messageTime = .seconds(20)
    limits.idleTime = .seconds(100)
    limits.writeTime = .seconds(30)
    return limits
  }()

  /// What happens, in seconds.
  enum Event: Sendable {
    case input(messages: UInt64, partial: Bool, at: Int64)
    case output(taken: Int, waiting: Int, at: Int64)
  }

  static let stories: [(behaviour: String, events: [Event], limit: TimeLimit?, at: Int64)] = [
    ("the first message has to come", [], .handshake, 10),
    (
      "half of it is not enough", [.input(messages: 0, partial: true, at: 9)], .handshake, 10
    ),
    (
      "then silence is allowed for a while", [.input(messages: 1, partial: false, at: 5)], .idle, 105
    ),
    (
      "a message is counted from its first byte, however many follow",
      [
        .input(messages: 1, partial: false, at: 5), .input(messages: 1, partial: true, at: 50),
        .input(messages: 1, partial: true, at: 60), .input(messages: 1, partial: true, at: 69),
      ], .message, 70
    ),
    (
      "the next one is counted from when the one before was whole",
      [
        .input(messages: 1, partial: true, at: 5), .input(messages: 2, partial: true, at: 24),
      ], .message, 44
    ),
    (
      "output has to be taken",
      [.input(messages: 1, partial: false, at: 5), .output(taken: 0, waiting: 9, at: 6)], .write, 36
    ),
    (
      "a few bytes of it do not help",
      [
        .input(messages: 1, partial: false, at: 5), .output(taken: 0, waiting: 99, at: 6),
        .output(taken: 9, waiting: 90, at: 30),
      ], .write, 36
    ),
    (
      "enough of it does",
      [
        .input(messages: 1, partial: false, at: 5), .output(taken: 0, waiting: 99, at: 6),
        .output(taken: 5, waiting: 94, at: 20), .output(taken: 5, waiting: 89, at: 30),
      ], .write, 60
    ),
    (
      "and all of it ends the matter",
      [
        .input(messages: 1, partial: false, at: 5), .output(taken: 0, waiting: 9, at: 6),
        .output(taken: 9, waiting: 0, at: 30),
      ], .idle, 130
    ),
  ]

  @Test("names what is over first, and when", arguments: stories)
  func story(behaviour: String, events: [Event], limit: TimeLimit?, at time: Int64) {
    var clock = ConnectionClock(now: 0)
    for event in events { _ = Self.tell(&clock, event) }
    let deadline = clock.deadline(ConnectionTimes(Self.limits), isWaiting: true)
    #expect(deadline?.limit == limit, "\(behaviour)")
    #expect(deadline?.time == time * Self.second, "\(behaviour)")
  }

  private static func tell(_ clock: inout ConnectionClock, _ event: Event) -> Bool {
    switch event {
    case .input(let messages, let isPartial, let now):
      clock.input(messages: messages, isPartial: isPartial, now: now * second)
    case .output(let taken, let waiting, let now):
      clock.output(taken: taken, waiting: waiting, enough: 10, now: now * second)
    }
  }

  @Test(
    "tells of whatever may be over sooner than what was over first",
    arguments: [
      (10, 20, 100, 30), (nil, 20, 5, 30), (nil, 30, 5, 20), (10, 5, 20, 8), (10, nil, 5, 20),
      (3, 20, 5, nil),
    ] as [(Int?, Int?, Int?, Int?)])
  func nearer(handshake: Int?, message: Int?, idle: Int?, write: Int?) {
    var limits = ConnectionLimits()
    limits.handshakeTime = handshake.map { .seconds($0) }
    limits.messageTime = message.map { .seconds($0) }
    limits.idleTime = idle.map { .seconds($0) }
    limits.writeTime = write.map { .seconds($0) }
    let times = ConnectionTimes(limits)
    // All stories of five events out of seven, three seconds between them.
    let kinds = 7
    for number in 0..<16_807 {
      var (clock, messages, rest) = (ConnectionClock(now: 0), UInt64(0), number)
      var first = clock.deadline(times, isWaiting: true)?.time ?? .max
      for step in 1...5 {
        let now = Int64(step * 3)
        let event: Event
        switch rest % kinds {
        case 0: event = .input(messages: messages, partial: false, at: now)
        case 1: event = .input(messages: messages, partial: true, at: now)
        case 2: (messages, event) = (messages + 1, .input(messages: messages + 1, partial: false, at: now))
        case 3: (messages, event) = (messages + 1, .input(messages: messages + 1, partial: true, at: now))
        case 4: event = .output(taken: 0, waiting: 99, at: now)
        case 5: event = .output(taken: 10, waiting: 89, at: now)
        default: event = .output(taken: 99, waiting: 0, at: now)
        }
        rest /= kinds
        let isNearer = Self.tell(&clock, event)
        let next = clock.deadline(times, isWaiting: true)?.time ?? .max
        if isNearer { first = min(first, next) }
        #expect(next >= first, "story \(number): \(event) brought a time nearer and did not say so")
      }
    }
  }

  @Test("does not count a silence that is the program's own")
  func busyProgram() {
    var clock = ConnectionClock(now: 0)
    #expect(clock.deadline(ConnectionTimes(Self.limits), isWaiting: false) == nil)
    _ = clock.output(taken: 0, waiting: 1, enough: 10, now: 0)
    #expect(clock.deadline(ConnectionTimes(Self.limits), isWaiting: false)?.limit == .write)
  }

  @Test("counts nothing that has no limit, and no time beyond the end of the clock")
  func unlimited() {
    var limits = Self.limits
    (limits.handshakeTime, limits.idleTime) = (nil, nil)
    #expect(ConnectionClock(now: 0).deadline(ConnectionTimes(limits), isWaiting: true) == nil)
    limits.idleTime = .seconds(Int64.max)
    #expect(ConnectionClock(now: 1).deadline(ConnectionTimes(limits), isWaiting: true) == nil)
  }
}
