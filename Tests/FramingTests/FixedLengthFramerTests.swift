import Framing
import Testing

@Suite("Fixed-length framing")
struct FixedLengthFramerTests {
  static let three = FixedLengthFramer(size: 3)

  static let streams: [StreamCase<FixedLengthFramer>] = [
    .init("nothing sent, nothing framed", three, [], []),
    .init("one frame", three, bytes("abc"), [bytes("abc")]),
    .init("three frames", three, bytes("abcdefghi"), [bytes("abc"), bytes("def"), bytes("ghi")]),
    .init("frames of one byte", FixedLengthFramer(size: 1), [0, 255, 0], [[0], [255], [0]]),
    .init("no byte has a meaning", FixedLengthFramer(size: 4), [0, 13, 10, 255], [[0, 13, 10, 255]]),
    .init(
      "a first frame that is cut off", three, bytes("ab"), [],
      FramingError(.truncated(received: 2, expected: 3), at: 0)),
    .init(
      "a second frame that is cut off", three, bytes("abcd"), [bytes("abc")],
      FramingError(.truncated(received: 1, expected: 3), at: 3)),
    .init(
      "a frame of the largest size", FixedLengthFramer(size: .max), [1, 2, 3], [],
      FramingError(.truncated(received: 3, expected: .max), at: 0)),
  ]

  @Test("gives the same result however the stream is cut", arguments: streams)
  func cutting(stream: StreamCase<FixedLengthFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends a message as it is", arguments: streams.filter { $0.error == nil })
  func encoding(stream: StreamCase<FixedLengthFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  static let refusals: [RefusalCase<FixedLengthFramer>] = [
    .init("an empty message", three, [], wrongSize(0)),
    .init("one byte less than a frame", three, bytes("ab"), wrongSize(2)),
    .init("one byte more than a frame", three, bytes("abcd"), wrongSize(4)),
    .init("two frames at once", three, bytes("abcdef"), wrongSize(6)),
  ]

  static func wrongSize(_ size: UInt64) -> FrameFault {
    .unencodable("the message's size is not that of the frames", value: size)
  }

  @Test("refuses a message of another size and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<FixedLengthFramer>) { refusal.verify() }

  @Test("gives the same result for random bytes and random cuts", arguments: [1, 2, 7, 64])
  func randomBytes(size: Int) {
    let framer = FixedLengthFramer(size: size)
    verifyRandomStreams(by: framer, alphabet: [0, 1, 255], seed: UInt64(size))
    verifyRandomMessages(by: framer, alphabet: [0, 1, 255], seed: UInt64(size))
  }

  @Test("says how many bytes are missing", arguments: [(1, 2), (2, 1)])
  func missing(received: Int, missing: Int) throws {
    let scan = try Self.three.scan([UInt8](repeating: 7, count: received).span, atEnd: false)
    #expect(scan == .needs(count: missing))
  }
}
