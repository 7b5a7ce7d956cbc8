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
    for event in events {
      switch event {
      case .input(let messages, let isPartial, let now):
        clock.input(messages: messages, isPartial: isPartial, now: now * Self.second)
      case .output(let taken, let waiting, let now):
        clock.output(taken: taken, waiting: waiting, enough: 10, now: now * Self.second)
      }
    }
    let deadline = clock.deadline(ConnectionTimes(Self.limits), isWaiting: true)
    #expect(deadline?.limit == limit, "\(behaviour)")
    #expect(deadline?.time == time * Self.second, "\(behaviour)")
  }

  @Test("does not count a silence that is the program's own")
  func busyProgram() {
    var clock = ConnectionClock(now: 0)
    #expect(clock.deadline(ConnectionTimes(Self.limits), isWaiting: false) == nil)
    clock.output(taken: 0, waiting: 1, enough: 10, now: 0)
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
