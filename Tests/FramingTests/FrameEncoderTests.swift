import Framing
import Testing

@Suite("Encoding a stream")
struct FrameEncoderTests {
  static let framer = LengthPrefixedFramer(width: 1, limit: 3)

  @Test("frames messages one behind the other")
  func sequence() throws {
    var encoder = FrameEncoder(Self.framer)
    try encoder.append("hi".utf8)
    try encoder.append([])
    try encoder.append([7, 8, 9].span)
    let (count, offset) = (encoder.count, encoder.offset)
    let wire = encoder.takeBytes()
    #expect(wire == [2, 104, 105, 0, 3, 7, 8, 9])
    #expect(count == 8)
    #expect(offset == 8)
  }

  @Test("takes any collection of bytes, contiguous or not")
  func collections() throws {
    var encoder = FrameEncoder(Self.framer)
    try encoder.append([1, 2, 3].reversed())
    try encoder.append(CollectionOfOne(4))
    try encoder.append([UInt8](5...9)[2...3])
    let wire = encoder.takeBytes()
    #expect(wire == [3, 3, 2, 1, 1, 4, 2, 7, 8])
  }

  @Test("refuses a message at its offset, writes nothing of it, and goes on")
  func refusal() throws {
    var encoder = FrameEncoder(Self.framer)
    try encoder.append([1])
    for _ in 1...2 {
      #expect(throws: FramingError(.tooLong(length: 4, limit: 3), at: 2)) {
        try encoder.append([1, 2, 3, 4])
      }
    }
    try encoder.append([2])
    let wire = encoder.takeBytes()
    #expect(wire == [1, 1, 1, 2])
  }

  @Test("forgets what was sent, and counts on")
  func sending() throws {
    var encoder = FrameEncoder(Self.framer)
    try encoder.append([7, 8])
    encoder.removeFirst(2)
    let rest = encoder.withBytes { [UInt8](copying: $0) }
    try encoder.append([9])
    let all = encoder.takeBytes()
    let (count, offset) = (encoder.count, encoder.offset)
    #expect(rest == [8])
    #expect(all == [8, 1, 9])
    #expect(count == 0)
    #expect(offset == 5)
  }

  @Test("decodes to what went in, in every framing")
  func roundTrip() throws {
    let messages = [bytes("abc"), bytes("def")]
    for text in ["fixed-length:size=3", "delimiter:bytes=;", "length-prefixed:width=2,endian=little"] {
      let framer = try FramerSpec(text).framer
      let outcome = decode(try encode(messages, by: framer), by: framer)
      #expect(outcome == Outcome(messages: messages), "\(text)")
    }
  }
}
