import Testing

@testable import Framing

@Suite("The search for a byte")
struct ByteSearchTests {
  @Test("finds the first place at or after its start and before its end, or none", arguments: [0, 1, 15, 17])
  func places(start: Int) {
    for count in start...start + 150 {
      for place in 0..<count {
        var bytes = [UInt8](repeating: 1, count: count)
        bytes[place] = 7
        // Behind the first, and just before the start, where it does not count.
        if place + 9 < count { bytes[place + 9] = 7 }
        if start > 0 { bytes[start - 1] = 7 }
        for end in Set([count, max(start, place), max(start, count - 16)]) {
          let expected = bytes[start..<end].firstIndex(of: 7)
          let found = bytes.span.firstIndex(of: 7, from: start, upTo: end)
          #expect(found == expected)
        }
      }
    }
  }

  @Test("takes bytes for what they are, also those beside the one that is looked for")
  func values() {
    for byte in UInt8.min ... .max {
      let bytes = [UInt8](repeating: byte ^ 0x80, count: 70) + [byte &+ 1, byte &- 1, byte]
      let found = bytes.span.firstIndex(of: byte, from: 0)
      #expect(found == 72)
    }
  }
}
