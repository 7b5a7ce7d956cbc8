import Framing
import Testing

@Suite("Varint-prefixed framing")
struct VarintPrefixedFramerTests {
  typealias Framer = VarintPrefixedFramer

  static let hi = bytes("hi")
  static let five = Framer(limit: 5)
  static let mqtt = Framer(limit: 268_435_455, offset: 1, width: 4, keepsHeader: true)
  static let huge = Framer(limit: .max)

  static func tooLong(_ length: UInt64, _ limit: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.tooLong(length: length, limit: limit), at: offset)
  }

  static func truncated(_ received: Int, of expected: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: expected), at: offset)
  }

  static func tooWide(_ byte: UInt64, at offset: UInt64 = 0) -> FramingError {
    FramingError(
      .malformed("the length goes on behind the last byte that it can have", value: byte), at: offset)
  }

  static func run(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }

  static let layouts: [StreamCase<Framer>] = [
    .init("nothing sent, nothing framed", Framer(), [], []),
    .init("one message", Framer(), [2] + hi, [hi]),
    .init("empty messages", Framer(), [0, 0], [[], []]),
    .init("the largest length of one byte", Framer(), [127] + run(7, 127), [run(7, 127)]),
    .init("the smallest length of two bytes", Framer(), [0x80, 1] + run(7, 128), [run(7, 128)]),
    .init("300 bytes", Framer(), [0xAC, 2] + run(7, 300), [run(7, 300)]),
    .init("exactly the limit", five, [5] + run(0x80, 5), [run(0x80, 5)]),
    .init("bytes in front of the length", Framer(offset: 2), [0, 0, 2] + hi, [hi]),
    .init("an MQTT packet", mqtt, [0x30, 2] + hi + [0xC0, 0], [[0x30, 2] + hi, [0xC0, 0]]),
    .init("one byte of length", Framer(width: 1), [127] + run(7, 127), [run(7, 127)]),
    .init("the largest limit", huge, [2] + hi, [hi]),
  ]

  static let others: [StreamCase<Framer>] = [
    .init("a padded length", Framer(), [0x82, 0] + hi + [0x80, 0x80, 0], [hi, []]),
    .init("a length padded to ten bytes", Framer(), [0x82] + run(0x80, 8) + [0] + hi, [hi]),
    .init("any byte in front of the length", Framer(offset: 2), [0x80, 0xFF, 2] + hi, [hi]),
    .init("a padded length, kept", mqtt, [0x30, 0x82, 0] + hi, [[0x30, 0x82, 0] + hi]),
    .init("an eleventh byte", Framer(), run(0x80, 11), [], tooWide(0x80)),
    .init("a fifth byte of four", mqtt, [0x30, 0] + run(0xFF, 5), [[0x30, 0]], tooWide(0xFF, at: 2)),
    .init("a second byte of one", Framer(width: 1), [0, 0x80], [[]], tooWide(0x80, at: 1)),
    .init(
      "a bit above 64", Framer(), run(0x80, 9) + [2], [],
      FramingError(.malformed("the length has more than 64 bits", value: 2), at: 0)),
    .init("64 bits of one", huge, run(0xFF, 9) + [1], [], tooLong(.max, .max)),
    .init("2^63", huge, run(0x80, 9) + [1], [], tooLong(1 << 63, .max)),
    .init(
      "a frame above 63 bits", huge, run(0xFF, 8) + [0x7F], [], tooLong(UInt64(Int.max), .max)),
    .init("above the limit", five, [0, 6], [[]], tooLong(6, 5, at: 1)),
    .init("above the limit, padded", five, [0x86, 0x80, 0], [], tooLong(6, 5)),
    .init("the bytes in front are cut off", Framer(offset: 2), [0], [], truncated(1, of: 3)),
    .init("the payload is cut off", five, [0, 5, 7], [[]], truncated(2, of: 6, at: 1)),
    .init(
      "a payload of half the address space is cut off", huge, run(0x80, 8) + [0x40, 7], [],
      truncated(10, of: 1 << 62 + 9)),
  ]

  @Test("gives the same result however the stream is cut", arguments: layouts + others)
  func cutting(stream: StreamCase<Framer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends what it received", arguments: layouts)
  func encoding(stream: StreamCase<Framer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  @Test("is truncated inside the length, after any number of its bytes", arguments: 1...9)
  func truncatedLength(count: Int) {
    let outcome = decode(Self.run(0x80, count), by: Framer())
    guard case .truncated(count, let expected)? = outcome.error?.fault else {
      Issue.record("\(outcome)")
      return
    }
    #expect(expected > count)
  }

  @Test("looks at the length when its last byte is there, and at nothing behind it")
  func judgedOnTheLastByte() throws {
    var decoder = FrameDecoder(Self.five)
    decoder.append([0xFF, 0xFF])
    let undecided = try decoder.next()
    #expect(undecided == nil)
    decoder.append([0x7F])
    #expect(throws: Self.tooLong(1 << 21 - 1, 5)) { try decoder.next() }
  }

  static let notOneFrame = FrameFault.Reason("the message is not one frame with its header")

  static let refusals: [RefusalCase<Framer>] = [
    .init("above the limit", five, run(7, 6), .tooLong(length: 6, limit: 5)),
    .init(
      "above what the field holds", Framer(width: 1), run(7, 128),
      .unencodable("the length does not fit the length field", value: 128)),
    .init("kept: empty", mqtt, [], .unencodable(notOneFrame, value: 0)),
    .init("kept: no length", mqtt, [0x30], .unencodable(notOneFrame, value: 1)),
    .init("kept: cut off", mqtt, [0x30, 2, 7], .unencodable(notOneFrame, value: 3)),
    .init("kept: two frames", mqtt, [0x30, 0, 0x30, 0], .unencodable(notOneFrame, value: 4)),
    .init(
      "kept: no right length", mqtt, [0x30] + run(0x80, 5), .unencodable(notOneFrame, value: 6)),
    .init(
      "kept: above the limit", Framer(limit: 1, keepsHeader: true), [2] + hi, .tooLong(length: 2, limit: 1)),
  ]

  @Test("refuses what it cannot carry and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<Framer>) { refusal.verify() }

  @Test("gives the same result for every short stream, cut in every way")
  func everyStream() {
    verifyEveryStream(by: Framer(limit: 2), alphabet: [0, 1, 2, 0x80, 0x83], upTo: 4)
    verifyEveryStream(by: Framer(offset: 1, width: 2, keepsHeader: true), alphabet: [0, 1, 0x81], upTo: 5)
  }

  static let framers = [
    Framer(), five, huge, Framer(limit: 9, offset: 1, width: 2),
    Framer(limit: 9, offset: 3, keepsHeader: true),
    Framer(limit: 0, width: 1),
  ]

  @Test("gives the same result for random bytes and random cuts", arguments: framers)
  func randomBytes(framer: Framer) {
    verifyRandomStreams(by: framer, alphabet: [0, 1, 2, 0x80, 0x81, 0xFF], seed: 12)
    verifyRandomMessages(by: framer, alphabet: [0, 1, 2, 0x80, 0x81], seed: 13)
  }
}
