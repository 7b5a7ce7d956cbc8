import Framing
import Testing

@Suite("Content-Length framing")
struct ContentLengthFramerTests {
  static let five = ContentLengthFramer(limit: 5, headerLimit: 64)
  static let huge = ContentLengthFramer(limit: .max, headerLimit: .max)

  static func stream(
    _ behaviour: String, _ framer: ContentLengthFramer, _ wire: String, _ messages: [String],
    _ error: FramingError? = nil
  ) -> StreamCase<ContentLengthFramer> {
    StreamCase(behaviour, framer, bytes(wire), messages.map(bytes), error)
  }

  static func malformed(
    _ reason: FrameFault.Reason, _ value: UInt64? = nil, at offset: UInt64 = 0
  ) -> FramingError {
    FramingError(.malformed(reason, value: value), at: offset)
  }

  static func tooLong(_ length: UInt64?, _ limit: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.tooLong(length: length, limit: limit), at: offset)
  }

  static func truncated(_ received: Int, of expected: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: expected), at: offset)
  }

  static let layouts = [
    stream("nothing sent, nothing framed", five, "", []),
    stream("one message", five, "Content-Length: 2\r\n\r\nhi", ["hi"]),
    stream("empty messages", five, "Content-Length: 0\r\n\r\nContent-Length: 0\r\n\r\n", ["", ""]),
    stream("line ends in the payload", five, "Content-Length: 4\r\n\r\n\r\n\r\n", ["\r\n\r\n"]),
    stream("the largest limits", huge, "Content-Length: 2\r\n\r\nhi", ["hi"]),
  ]

  static let accepted = [
    stream("another case", five, "CONTENT-length: 2\r\n\r\nhi", ["hi"]),
    stream("no blank", five, "Content-Length:2\r\n\r\nhi", ["hi"]),
    stream("blanks around the value", five, "Content-Length: \t 2\t \r\n\r\nhi", ["hi"]),
    stream("leading zeros", five, "Content-Length: 0002\r\n\r\nhi", ["hi"]),
    stream(
      "another field before and behind", five, "A: x:y\r\nContent-Length: 2\r\n!#$%&'*+-.^_`|~9z:\r\n\r\nhi",
      ["hi"]),
    stream("names that are nearly the same", five, "Content-Lengt: 9\r\nContent-Length: 2\r\n\r\nhi", ["hi"]),
  ]

  static let notANumber = FrameFault.Reason("Content-Length is not a decimal number")
  static let notAField = FrameFault.Reason("a header line is not a name and a colon")

  static let faults = [
    stream("no field", five, "\r\n", [], malformed("a header without Content-Length")),
    stream(
      "another field only", five, "Content-Length: 0\r\n\r\nA: 2\r\n\r\n", [""],
      malformed("a header without Content-Length", at: 21)),
    stream(
      "a second length", five, "Content-Length: 2\r\ncontent-length: 2\r\n\r\nhi", [],
      malformed("a second Content-Length", 2)),
    stream("no value", five, "Content-Length: \r\n\r\n", [], malformed("Content-Length has no value")),
    stream("a sign", five, "Content-Length: +2\r\n\r\n", [], malformed(notANumber, 0x2B)),
    stream("two numbers", five, "Content-Length: 2 2\r\n\r\n", [], malformed(notANumber, 0x20)),
    stream("a list of numbers", five, "Content-Length: 2, 2\r\n\r\n", [], malformed(notANumber, 0x2C)),
    stream("a hexadecimal number", five, "Content-Length: 0x2\r\n\r\n", [], malformed(notANumber, 0x78)),
    stream("a vertical tab", five, "Content-Length:\u{0B}2\r\n\r\n", [], malformed(notANumber, 0x0B)),
    stream("a blank before the colon", five, "Content-Length : 2\r\n\r\n", [], malformed(notAField, 0x20)),
    stream("a folded line", five, "Content-Length: 2\r\n 2\r\n\r\n", [], malformed(notAField, 0x20)),
    stream("no name", five, ": 2\r\n\r\n", [], malformed(notAField, 0x3A)),
    stream("no colon", five, "Content-Length\r\n\r\n", [], malformed(notAField)),
    stream(
      "an LF alone", five, "Content-Length: 2\nA: 2\r\n\r\n", [],
      malformed("a line feed or a zero byte in a header", 10)),
    stream(
      "a NUL in another field", five, "A: \0\r\nContent-Length: 2\r\n\r\n", [],
      malformed("a line feed or a zero byte in a header", 0)),
    stream(
      "a CR alone", five, "A: \r2\r\nContent-Length: 2\r\n\r\n", [],
      malformed("a carriage return alone in a header", 13)),
    stream(
      "a CR twice", five, "Content-Length: 2\r\r\n\r\n", [],
      malformed("a carriage return alone in a header", 13)),
    stream("above the limit", five, "Content-Length: 6\r\n\r\n", [], tooLong(6, 5)),
    stream("above 64 bits", huge, "Content-Length: 18446744073709551616\r\n\r\n", [], tooLong(.max, .max)),
    stream("2^63", huge, "Content-Length: 9223372036854775808\r\n\r\n", [], tooLong(1 << 63, .max)),
    stream(
      "a frame above 63 bits", huge, "Content-Length: 9223372036854775807\r\n\r\n", [],
      tooLong(UInt64(Int.max), .max)),
    stream(
      "a header block above its limit", ContentLengthFramer(headerLimit: 20), "Content-Length: 2\r\n\r\nhi",
      [],
      tooLong(nil, 20)),
    stream(
      "a header block of its limit", ContentLengthFramer(headerLimit: 21), "Content-Length: 2\r\n\r\nhi",
      ["hi"]),
    stream(
      "a header block without end", ContentLengthFramer(headerLimit: 20), "Content-Length: 2\r\nA: 3",
      [], tooLong(nil, 20)),
    stream("the payload is cut off", five, "Content-Length: 2\r\n\r\nh", [], truncated(22, of: 23)),
    stream("the payload is missing", five, "Content-Length: 2\r\n\r\n", [], truncated(21, of: 23)),
    stream(
      "a frame of 2^63 - 1 bytes is cut off", huge, "Content-Length: 9223372036854775768\r\n\r\n", [],
      truncated(39, of: .max)),
  ]

  @Test("gives the same result however the stream is cut", arguments: layouts + accepted + faults)
  func cutting(stream: StreamCase<ContentLengthFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends what it received", arguments: layouts)
  func encoding(stream: StreamCase<ContentLengthFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  @Test("is truncated anywhere in the header block, and refuses nothing before its blank line")
  func truncatedHeader() {
    let block = bytes("no header at all\r\n\r\n")
    for count in 1..<block.count {
      let outcome = decode(Array(block[..<count]), by: Self.five)
      guard case .truncated(count, let expected)? = outcome.error?.fault else {
        Issue.record("\(count) bytes: \(outcome)")
        return
      }
      #expect(expected > count)
    }
    #expect(decode(block, by: Self.five).error == Self.malformed(Self.notAField, 0x20))
  }

  @Test("refuses a header block with the byte that reaches its limit, and no blank line there")
  func headerLimit() throws {
    var decoder = FrameDecoder(ContentLengthFramer(headerLimit: 4))
    decoder.append(bytes("A: "))
    let undecided = try decoder.next()
    #expect(undecided == nil)
    decoder.append(bytes("\r"))
    #expect(throws: Self.tooLong(nil, 4)) { try decoder.next() }
  }

  @Test("refuses a message above the limit and leaves the output untouched")
  func refusal() {
    RefusalCase("above", Self.five, bytes("abcdef"), .tooLong(length: 6, limit: 5)).verify()
  }

  @Test("refuses a message whose own header block would be over the limit", arguments: [(21, 10), (1, 0)])
  func headerLimit(limit: Int, count: Int) {
    RefusalCase(
      "header", ContentLengthFramer(headerLimit: limit), [UInt8](repeating: 120, count: count),
      .unencodable("the header block is longer than its limit", value: count == 0 ? 21 : 22)
    ).verify()
  }

  @Test(
    "is the same framer wherever it is in its stream",
    arguments: ["Content-Le", "Content-Length: 2\r\n\r\nh"])
  func equality(part: String) throws { try verifyEquality(of: Self.five, havingScanned: bytes(part)) }

  @Test("finds the blank line in a block of nothing but line ends and carriage returns")
  func lineEnds() {
    verifyEveryStream(by: ContentLengthFramer(limit: 1, headerLimit: 4), alphabet: bytes("\r\n:0"), upTo: 5)
    verifyEveryStream(by: ContentLengthFramer(limit: 1), alphabet: bytes("\r\n"), upTo: 8)
  }

  @Test("gives the same result for random fields and random cuts", arguments: [40, 64, 8192])
  func randomFields(headerLimit: Int) {
    let pieces = [
      "Content-Length: 1\r\n", "content-length:0\r\n\r\n", "\r\n", "\r", "\n", "A: b\r\n", "Content-", "1",
    ]
    for limit in [0, 1, 5] {
      let framer = ContentLengthFramer(limit: limit, headerLimit: headerLimit)
      verifyRandomStreams(by: framer, pieces: pieces.map(bytes), seed: 14)
      verifyRandomMessages(by: framer, alphabet: bytes("\r\n0"), seed: 15)
    }
  }
}
