import Framing
import Testing

@Suite("Close-terminated framing")
struct CloseTerminatedFramerTests {
  static let three = CloseTerminatedFramer(limit: 3)
  static let tooLong = FramingError(.tooLong(length: nil, limit: 3), at: 0)

  static let streams: [StreamCase<CloseTerminatedFramer>] = [
    .init("nothing sent, no message", three, [], []),
    .init("one byte", three, [0], [[0]]),
    .init("exactly the limit", three, bytes("abc"), [bytes("abc")]),
    .init("one byte more than the limit", three, bytes("abcd"), [], tooLong),
    .init("many bytes more than the limit", three, bytes("abcdefghijkl"), [], tooLong),
    .init("no byte has a meaning", CloseTerminatedFramer(), [0, 13, 10, 255], [[0, 13, 10, 255]]),
    .init("the largest limit", CloseTerminatedFramer(limit: .max), bytes("abc"), [bytes("abc")]),
  ]

  @Test("gives the same result however the stream is cut", arguments: streams)
  func cutting(stream: StreamCase<CloseTerminatedFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends a message as it is", arguments: streams.filter { $0.error == nil })
  func encoding(stream: StreamCase<CloseTerminatedFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  @Test("delivers nothing before the close, and everything then")
  func delivery() throws {
    var decoder = FrameDecoder(Self.three)
    decoder.append(bytes("ab"))
    let before = try decoder.next()
    try decoder.finish()
    let after = try decoder.next()
    let afterwards = try decoder.next()
    #expect(before == nil)
    #expect(after == bytes("ab"))
    #expect(afterwards == nil)
  }

  @Test("is too long with the first byte beyond the limit, without waiting for the close")
  func limit() throws {
    var decoder = FrameDecoder(Self.three)
    decoder.append(bytes("abc"))
    let within = try decoder.next()
    #expect(within == nil)
    decoder.append(bytes("d"))
    #expect(throws: Self.tooLong) { try decoder.next() }
  }

  static let refusals: [RefusalCase<CloseTerminatedFramer>] = [
    .init("an empty message", three, [], .unencodable("an empty stream carries no message")),
    .init("one byte more than the limit", three, bytes("abcd"), .tooLong(length: 4, limit: 3)),
  ]

  @Test("refuses what the stream cannot carry and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<CloseTerminatedFramer>) { refusal.verify() }

  @Test("carries one message a stream: a second one is refused")
  func second() throws {
    var encoder = FrameEncoder(Self.three)
    try encoder.append(bytes("ab"))
    let second = FrameFault.unencodable("only the end of the stream ends a message, so a stream carries one")
    #expect(throws: FramingError(second, at: 2)) { try encoder.append(bytes("c")) }
    let wire = encoder.takeBytes()
    #expect(wire == bytes("ab"))
    #expect(throws: FramingError(second, at: 2)) { try encoder.append(bytes("c")) }
  }

  @Test("gives the same result for random bytes and random cuts", arguments: [1, 5, 39, 40])
  func randomBytes(limit: Int) {
    let framer = CloseTerminatedFramer(limit: limit)
    verifyRandomStreams(by: framer, alphabet: [0, 255], seed: UInt64(limit))
    verifyRandomMessages(by: framer, alphabet: [0, 255], seed: UInt64(limit))
  }
}
