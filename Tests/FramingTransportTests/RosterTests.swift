import Testing

@testable import FramingTransport

@Suite("The roster of a server")
struct RosterTests {
  private final class Member: RosterMember {
    let number: Int
    var rosterPlace: Int32 = -1

    init(_ number: Int) { self.number = number }
  }

  @Test(
    "tells its members in the order in which they came, whoever has gone",
    arguments: 1...4 as ClosedRange<UInt64>)
  func order(seed: UInt64) {
    var random = TimerQueueTests.Seeded(state: seed)
    var roster = Roster<Member>()
    var members: [Member] = []
    for number in 0..<2000 {
      // First more come than go, then the other way round, so that gaps are closed at many sizes.
      if Int.random(in: 0..<10, using: &random) < (number < 1000 ? 7 : 3) {
        members.append(Member(number))
        roster.add(members[members.count - 1])
      } else if let place = members.indices.randomElement(using: &random) {
        let wasIn = roster.remove(members.remove(at: place))
        #expect(wasIn)
      }
      if roster.inOrder.map(\.number) != members.map(\.number) || roster.count != members.count {
        Issue.record("after \(number) steps it has \(roster.inOrder.map(\.number))")
        return
      }
    }
  }

  @Test("knows who is not in it any more")
  func gone() {
    var roster = Roster<Member>()
    let (first, second) = (Member(1), Member(2))
    let wasNever = !roster.remove(first)
    roster.add(first)
    roster.add(second)
    let wasIn = roster.remove(first)
    let isIn = roster.remove(first)
    #expect(wasNever && wasIn && !isIn)
    roster.removeAll()
    let isSecondIn = roster.remove(second)
    #expect(roster.isEmpty && !isSecondIn)
    roster.add(second)
    #expect(roster.inOrder.map(\.number) == [2])
  }
}
