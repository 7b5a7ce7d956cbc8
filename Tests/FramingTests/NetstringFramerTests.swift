import Framing
import Testing

@Suite("Netstring framing")
struct NetstringFramerTests {
  static let five = NetstringFramer(limit: 5)
  static let huge = NetstringFramer(limit: .max)

  static func stream(
    _ behaviour: String, _ framer: NetstringFramer, _ wire: String, _ messages: [String],
    _ error: FramingError? = nil
  ) -> StreamCase<NetstringFramer> {
    StreamCase(behaviour, framer, bytes(wire), messages.map(bytes), error)
  }

  static func malformed(
    _ reason: FrameFault.Reason, _ byte: Character? = nil, at offset: UInt64 = 0
  ) -> FramingError {
    FramingError(.malformed(reason, value: byte?.asciiValue.map(UInt64.init)), at: offset)
  }

  static func tooLong(_ limit: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.tooLong(length: nil, limit: limit), at: offset)
  }

  static func truncated(_ received: Int, of expected: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: expected), at: offset)
  }

  static let layouts = [
    stream("nothing sent, nothing framed", five, "", []),
    stream("one message", five, "2:hi,", ["hi"]),
    stream("empty messages", five, "0:,0:,", ["", ""]),
    stream("two messages", five, "5:hello,1:,,", ["hello", ","]),
    stream("a netstring in a netstring", five, "4:1:a,,", ["1:a,"]),
    stream("two digits", NetstringFramer(), "12:hello world!,", ["hello world!"]),
    stream("the largest limit", huge, "2:hi,", ["hi"]),
  ]

  static let faults = [
    stream("a leading zero", five, "0:,01:a,", [""], malformed("the length has a leading zero", at: 3)),
    stream("two zeros", five, "00:,", [], malformed("the length has a leading zero")),
    stream("a leading zero above the limit", five, "09", [], malformed("the length has a leading zero")),
    stream("a sign", five, "+2:hi,", [], malformed("the length is not a decimal number", "+")),
    stream("a blank in front", five, " 2:hi,", [], malformed("the length is not a decimal number", " ")),
    stream("no length", five, ":,", [], malformed("the length is not a decimal number", ":")),
    stream(
      "a blank behind the length", five, "2 :hi,", [], malformed("the length does not end with a colon", " ")),
    stream("the digit before 0", five, "2/", [], malformed("the length does not end with a colon", "/")),
    stream("no comma", five, "2:hi;", [], malformed("the payload does not end with a comma", ";")),
    stream(
      "no comma behind an empty message", five, "0:0", [],
      malformed("the payload does not end with a comma", "0")),
    stream(
      "a line end between frames", five, "0:,\n", [""],
      malformed("the length is not a decimal number", "\n", at: 3)
    ),
    stream("above the limit", five, "0:,6:abcdef,", [""], tooLong(5, at: 3)),
    stream("above the limit with the second digit", five, "10:", [], tooLong(5)),
    stream("above the limit before a wrong byte", five, "6x", [], tooLong(5)),
    stream("more digits than a number can hold", huge, "99999999999999999999", [], tooLong(.max)),
    stream("2^63", huge, "9223372036854775808", [], tooLong(.max)),
    stream("a frame of 2^63 bytes", huge, "9223372036854775787", [], tooLong(.max)),
    stream(
      "a frame of 2^63 - 1 bytes is cut off", huge, "9223372036854775786:", [], truncated(20, of: .max)),
    stream("the length is cut off", five, "2", [], truncated(1, of: 5)),
    stream("a length of zero is cut off", five, "0", [], truncated(1, of: 3)),
    stream("the payload is cut off", five, "1:a,2:h", ["a"], truncated(3, of: 5, at: 4)),
    stream("the comma is cut off", five, "2:hi", [], truncated(4, of: 5)),
  ]

  @Test("gives the same result however the stream is cut", arguments: layouts + faults)
  func cutting(stream: StreamCase<NetstringFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends what it received", arguments: layouts)
  func encoding(stream: StreamCase<NetstringFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  @Test(
    "sends lengths of any number of digits and finds them again",
    arguments: [9, 10, 99, 100, 9999, 10_000, 100_000])
  func digits(count: Int) throws {
    let message = [UInt8](repeating: UInt8(ascii: ","), count: count)
    let wire = try encode([message, []], by: NetstringFramer())
    #expect(wire == bytes("\(count):") + message + bytes(",0:,"))
    let outcome = decode(wire, by: NetstringFramer())
    #expect(outcome == Outcome(messages: [message, []]))
  }

  @Test("says how many bytes are missing once it knows")
  func missing() throws {
    var decoder = FrameDecoder(NetstringFramer())
    decoder.append(bytes("10"))
    _ = try decoder.next()
    #expect(decoder.missingCount == 1)
    decoder.append(bytes(":"))
    _ = try decoder.next()
    #expect(decoder.missingCount == 11)
  }

  @Test("refuses a message above the limit and leaves the output untouched")
  func refusal() {
    RefusalCase("above", Self.five, bytes("abcdef"), .tooLong(length: 6, limit: 5)).verify()
    RefusalCase("above zero", NetstringFramer(limit: 0), [0], .tooLong(length: 1, limit: 0)).verify()
  }

  @Test("gives the same result for every short stream, cut in every way")
  func everyStream() {
    verifyEveryStream(by: NetstringFramer(limit: 11), alphabet: bytes("012:,"), upTo: 5)
  }

  @Test("gives the same result for random bytes and random cuts", arguments: [0, 1, 5, 12, .max])
  func randomBytes(limit: Int) {
    let framer = NetstringFramer(limit: limit)
    verifyRandomStreams(by: framer, alphabet: bytes("0123:,"), seed: UInt64(limit))
    verifyRandomStreams(
      by: framer, pieces: ["0:,", "1:a,", "12:", "3:12", ",", ":", "9"].map(bytes), seed: 5)
    verifyRandomMessages(by: framer, alphabet: bytes("01:,"), seed: UInt64(limit))
  }
}
