import FramingTransport
import Testing

@Suite("The list of what is ready")
struct ReadyListTests {
  private static func event(_ number: Int) -> SelectorEvent {
    SelectorEvent(token: UInt64(number), readiness: number % 2 == 0 ? .readable : [.writable, .hangUp])
  }

  private static let portion = ReadyList.portion

  @Test("holds what was added, in its order", arguments: [0, 1, portion - 1, portion, portion + 1, 5000])
  func order(count: Int) {
    var list = ReadyList()
    for number in 0..<count { list.append(Self.event(number)) }
    #expect(list.count == count)
    #expect(list.array == (0..<count).map(Self.event))
  }

  @Test("is empty after all were removed, and can be filled again")
  func again() {
    var list = ReadyList()
    for number in 0..<Self.portion + 1 { list.append(Self.event(number)) }
    list.removeAll()
    #expect(list.array.isEmpty)
    list.append(Self.event(7))
    #expect(list.array == [Self.event(7)])
  }

  @Test("has an event changed in its place")
  func change() {
    var list = ReadyList()
    for number in 0..<3 { list.append(Self.event(number)) }
    list[1] = Self.event(9)
    #expect(list.array == [0, 9, 2].map(Self.event))
  }

  @Test("traps where there is no event", arguments: [-1, 1])
  func bounds(place: Int) async {
    await #expect(processExitsWith: .failure) { [place] in
      var list = ReadyList()
      list.append(SelectorEvent(token: 1, readiness: .readable))
      list.append(SelectorEvent(token: 2, readiness: .readable))
      list.removeAll()
      list.append(SelectorEvent(token: 3, readiness: .readable))
      print(list[place])
    }
  }
}
