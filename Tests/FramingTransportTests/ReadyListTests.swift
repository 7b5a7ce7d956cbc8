import Testing

@testable import FramingTransport

@Suite("The list of what is ready")
struct ReadyListTests {
  private static func event(_ number: Int) -> SelectorEvent {
    SelectorEvent(token: UInt64(number), readiness: number % 2 == 0 ? .readable : [.writable, .hangUp])
  }

  // 256 is what it has room for at first.
  @Test("holds what was added, in its order", arguments: [0, 1, 255, 256, 257, 5000])
  func order(count: Int) {
    var list = ReadyList()
    for number in 0..<count { list.append(Self.event(number)) }
    #expect(list.count == count)
    #expect(list.array == (0..<count).map(Self.event))
  }

  @Test("is empty after all were removed, and can be filled again")
  func again() {
    var list = ReadyList()
    for number in 0..<300 { list.append(Self.event(number)) }
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
}
