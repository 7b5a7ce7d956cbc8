import Framing
import Testing

@Suite("Varint-prefixed frames")
struct VarintPrefixedFramerTests {
  /// The number of bytes of the length field in front of that many of payload.
  static let widths = [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3)]

  @Test("encodes the length in as few bytes as it has", arguments: widths)
  func encoding(count: Int, width: Int) throws {
    let message = [UInt8](repeating: 120, count: count)
    let wire = try encode([message], by: VarintPrefixedFramer())
    #expect(wire.count == width + count)
    #expect(decode(wire, by: VarintPrefixedFramer()) == Outcome(messages: [message]))
  }

  static let whole = VarintPrefixedFramer(limit: 3, offset: 1, width: 2, keepsHeader: true)
  static func notOneFrame(_ count: UInt64) -> FrameFault {
    .unencodable("the message is not one frame with its header", value: count)
  }

  static let refusals: [RefusalCase<VarintPrefixedFramer>] = [
    .init(
      "above the limit", VarintPrefixedFramer(limit: 3), bytes("abcd"), .tooLong(length: 4, limit: 3)),
    .init(
      "a length that does not fit the field", VarintPrefixedFramer(width: 1),
      [UInt8](repeating: 0, count: 128), .unencodable("the length does not fit the length field", value: 128)),
    .init("kept: empty", whole, [], notOneFrame(0)),
    .init("kept: without its length", whole, [0x51], notOneFrame(1)),
    .init("kept: half a length", whole, [0x51, 0x81], notOneFrame(2)),
    .init("kept: a byte less than it says", whole, [0x51, 2, 7], notOneFrame(3)),
    .init("kept: a byte more than it says", whole, [0x51, 0, 7], notOneFrame(3)),
    .init("kept: two frames", whole, [0x51, 0, 0x51, 0], notOneFrame(4)),
    .init("kept: a length that is malformed", whole, [0x51, 0x81, 0x80, 0], notOneFrame(4)),
    .init("kept: above the limit", whole, [0x51, 4, 1, 2, 3, 4], .tooLong(length: 4, limit: 3)),
  ]

  @Test("refuses what it would not read and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<VarintPrefixedFramer>) { refusal.verify() }

  static let framers = [
    VarintPrefixedFramer(limit: 4), VarintPrefixedFramer(limit: 4, offset: 2, width: 2), whole,
  ]

  @Test("gives the same result for random bytes and random cuts", arguments: framers)
  func randomBytes(framer: VarintPrefixedFramer) {
    let alphabet: [UInt8] = [0, 1, 2, 3, 4, 0x80, 0x81, 0x82]
    verifyRandomStreams(by: framer, alphabet: alphabet, seed: 1)
    verifyRandomMessages(by: framer, alphabet: alphabet, seed: 2)
  }
}
