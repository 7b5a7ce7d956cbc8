import Testing

@testable import FramingTransport

@Suite("The phases of a server")
struct DrainStateTests {
  /// The phases that are entered at a time, in seconds, with connections or without.
  typealias Step = (time: Int64, isEmpty: Bool, phases: [ServerPhase], next: Int64?)

  static let second: Int64 = 1_000_000_000

  static let stories: [(name: String, drain: Drain, steps: [Step])] = [
    ("nothing to wait for", Drain(), [(0, true, [.draining, .finishing, .stopped], nil)]),
    (
      "connections that finish", Drain(time: .seconds(5)),
      [(0, false, [.draining, .finishing], 5), (4, false, [], 5), (4, true, [.stopped], nil)]
    ),
    (
      "connections that do not", Drain(time: .seconds(5)),
      [
        (0, false, [.draining, .finishing], 5), (5, false, [.cutting], nil), (6, false, [], nil),
        (6, true, [.stopped], nil),
      ]
    ),
    (
      "accepting for a while", Drain(acceptTime: .seconds(3), time: .seconds(5)),
      [(0, true, [.draining], 3), (2, true, [], 3), (3, false, [.finishing], 5), (9, false, [.cutting], nil)]
    ),
    (
      "no longer than all of it may take", Drain(acceptTime: .seconds(30), time: .seconds(5)),
      [(0, false, [.draining], 5), (5, false, [.finishing, .cutting], nil)]
    ),
    (
      "at once", .immediate,
      [(0, false, [.draining, .finishing, .cutting], nil), (0, true, [.stopped], nil)]
    ),
    (
      "times that no clock reaches", Drain(acceptTime: .seconds(Int64.max), time: .seconds(Int64.max)),
      [(0, true, [.draining], .max)]
    ),
    (
      "times below zero", Drain(acceptTime: .seconds(-1), time: .seconds(-1)),
      [
        (0, false, [.draining, .finishing, .cutting], nil)
      ]
    ),
  ]

  @Test("follow each other as their times and the connections say", arguments: stories)
  func story(_ story: (name: String, drain: Drain, steps: [Step])) {
    var state = DrainState()
    state.run()
    #expect(state.advance(now: 0, isEmpty: true) == nil)
    state.begin(story.drain, now: 0)
    for step in story.steps {
      var phases: [ServerPhase] = []
      let now = step.time * Self.second
      while let phase = state.advance(now: now, isEmpty: step.isEmpty) { phases.append(phase) }
      #expect(phases == step.phases, "\(story.name) at \(step.time)")
      #expect(state.deadline == step.next.map { $0 == .max ? .max : $0 * Self.second }, "\(story.name)")
    }
  }

  @Test("come sooner when the server is told again, and never later")
  func again() {
    var state = DrainState()
    state.run()
    state.begin(Drain(acceptTime: .seconds(10), time: .seconds(20)), now: 0)
    #expect(state.advance(now: 0, isEmpty: false) == .draining)
    state.begin(Drain(acceptTime: .seconds(50), time: .seconds(100)), now: Self.second)
    #expect(state.deadline == 10 * Self.second)
    state.begin(Drain(acceptTime: .seconds(2), time: .seconds(4)), now: Self.second)
    #expect(state.deadline == 3 * Self.second)
    state.begin(.immediate, now: 2 * Self.second)
    #expect(state.advance(now: 2 * Self.second, isEmpty: false) == .finishing)
    #expect(state.advance(now: 2 * Self.second, isEmpty: false) == .cutting)
  }

  @Test("lead to the end of a server that never ran, too")
  func neverRan() {
    var state = DrainState()
    #expect(state.phase == .starting)
    state.begin(Drain(), now: 0)
    state.run()
    #expect(state.advance(now: 0, isEmpty: true) == .draining)
    #expect(state.advance(now: 0, isEmpty: true) == .finishing)
    #expect(state.advance(now: 0, isEmpty: true) == .stopped)
    #expect(state.advance(now: 0, isEmpty: true) == nil)
  }
}
