import Framing
import Testing

@Suite("Octet-counted framing")
struct OctetCountedFramerTests {
  static let five = OctetCountedFramer(limit: 5)
  static let huge = OctetCountedFramer(limit: .max)

  static func stream(
    _ behaviour: String, _ framer: OctetCountedFramer, _ wire: String, _ messages: [String],
    _ error: FramingError? = nil
  ) -> StreamCase<OctetCountedFramer> {
    StreamCase(behaviour, framer, bytes(wire), messages.map(bytes), error)
  }

  static func malformed(
    _ reason: FrameFault.Reason, _ byte: Character, at offset: UInt64 = 0
  ) -> FramingError {
    FramingError(.malformed(reason, value: byte.asciiValue.map(UInt64.init)), at: offset)
  }

  static func tooLong(_ limit: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.tooLong(length: nil, limit: limit), at: offset)
  }

  static func truncated(_ received: Int, of expected: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: expected), at: offset)
  }

  static let layouts = [
    stream("nothing sent, nothing framed", five, "", []),
    stream("one message", five, "2 hi", ["hi"]),
    stream("two messages", five, "5 hello1 2", ["hello", "2"]),
    stream("spaces and digits are payload", five, "3  1 2 12", [" 1 ", "12"]),
    stream("two digits", OctetCountedFramer(), "12 hello world!", ["hello world!"]),
    stream("the largest limit", huge, "2 hi", ["hi"]),
  ]

  static let faults = [
    stream("zero", five, "1 a0 ", ["a"], malformed("the length begins with a zero", "0", at: 3)),
    stream("a leading zero", five, "05 hello", [], malformed("the length begins with a zero", "0")),
    stream("two zeros", five, "00", [], malformed("the length begins with a zero", "0")),
    stream("a leading zero above the limit", five, "09", [], malformed("the length begins with a zero", "0")),
    stream("a sign", five, "-2 hi", [], malformed("the length is not a decimal number", "-")),
    stream("a blank in front", five, " 2 hi", [], malformed("the length is not a decimal number", " ")),
    stream("lines instead", five, "<34>1", [], malformed("the length is not a decimal number", "<")),
    stream("a colon", five, "2:hi", [], malformed("the length does not end with a space", ":")),
    stream("a tab", five, "2\thi", [], malformed("the length does not end with a space", "\t")),
    stream(
      "a line end between frames", five, "1 a\n", ["a"],
      malformed("the length is not a decimal number", "\n", at: 3)),
    stream("above the limit", five, "1 a6 abcdef", ["a"], tooLong(5, at: 3)),
    stream("above the limit with the second digit", five, "10 ", [], tooLong(5)),
    stream("above the limit before a wrong byte", five, "6x", [], tooLong(5)),
    stream("more digits than a number can hold", huge, "99999999999999999999", [], tooLong(.max)),
    stream("2^63", huge, "9223372036854775808", [], tooLong(.max)),
    stream("a frame of 2^63 bytes", huge, "9223372036854775788", [], tooLong(.max)),
    stream(
      "a frame of 2^63 - 1 bytes is cut off", huge, "9223372036854775787 ", [], truncated(20, of: .max)),
    stream("the length is cut off", five, "2", [], truncated(1, of: 4)),
    stream("the payload is cut off", five, "1 a2 h", ["a"], truncated(3, of: 4, at: 3)),
  ]

  @Test("gives the same result however the stream is cut", arguments: layouts + faults)
  func cutting(stream: StreamCase<OctetCountedFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends what it received", arguments: layouts)
  func encoding(stream: StreamCase<OctetCountedFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  @Test(
    "sends lengths of any number of digits and finds them again",
    arguments: [9, 10, 99, 100, 9999, 10_000, 100_000])
  func digits(count: Int) throws {
    let message = [UInt8](repeating: UInt8(ascii: " "), count: count)
    let wire = try encode([message, [7]], by: OctetCountedFramer())
    #expect(wire == bytes("\(count) ") + message + bytes("1 ") + [7])
    let outcome = decode(wire, by: OctetCountedFramer())
    #expect(outcome == Outcome(messages: [message, [7]]))
  }

  static let refusals: [RefusalCase<OctetCountedFramer>] = [
    .init("empty", five, [], .unencodable("there is no empty frame in this framing")),
    .init("above the limit", five, bytes("abcdef"), .tooLong(length: 6, limit: 5)),
  ]

  @Test("refuses what it cannot carry and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<OctetCountedFramer>) { refusal.verify() }

  @Test("gives the same result for every short stream, cut in every way")
  func everyStream() {
    verifyEveryStream(by: OctetCountedFramer(limit: 11), alphabet: bytes("012 a"), upTo: 5)
  }

  @Test("gives the same result for random bytes and random cuts", arguments: [1, 5, 12, .max])
  func randomBytes(limit: Int) {
    let framer = OctetCountedFramer(limit: limit)
    verifyRandomStreams(by: framer, alphabet: bytes("0123 a"), seed: UInt64(limit))
    verifyRandomStreams(by: framer, pieces: ["1 a", "12 ", "3 12", "0", " ", "9"].map(bytes), seed: 6)
    verifyRandomMessages(by: framer, alphabet: bytes("01 "), seed: UInt64(limit))
  }
}
