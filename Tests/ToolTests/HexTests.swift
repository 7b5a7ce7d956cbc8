import Framing
import Testing

@testable import FramingTool

@Suite("Hex digits as bytes")
struct HexTests {
  @Test(
    "are pairs in either case, with blanks around them or without",
    arguments: [
      ("", []), (" \t\r", []), ("00", [0]), ("0aFfA0", [0x0A, 0xFF, 0xA0]), (" 68 \t69\r", [0x68, 0x69]),
    ] as [(String, [UInt8])])
  func pairs(line: String, bytes: [UInt8]) {
    let (decoded, bad) = Self.decode(line)
    #expect(decoded == bytes)
    #expect(bad == nil)
  }

  @Test(
    "name the first pair that is none, and its place",
    arguments: [
      ("0", "0", 1), ("6 8", "6 ", 1), ("00 0g", "0g", 4), ("00é", "é", 3), ("00 1", "1", 4),
      ("0x00", "0x", 1),
    ])
  func bad(line: String, pair: String, column: Int) {
    #expect(Self.decode(line).bad == Hex.BadPair(bytes: Array(pair.utf8), column: column))
  }

  private static func decode(_ line: String) -> (bytes: [UInt8], bad: Hex.BadPair?) {
    var bytes = FrameBuffer()
    let bad = Hex.decode(Array(line.utf8).span, into: &bytes)
    return (bytes.withBytes { $0.withUnsafeBufferPointer { Array($0) } }, bad)
  }
}
