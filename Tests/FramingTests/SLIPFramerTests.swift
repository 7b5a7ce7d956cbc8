import Framing
import Testing

@Suite("SLIP framing")
struct SLIPFramerTests {
  static let three = SLIPFramer(limit: 3)
  static let tooLong = FrameFault.tooLong(length: nil, limit: 3)

  static func malformed(_ byte: UInt64, at offset: UInt64 = 0) -> FramingError {
    FramingError(.malformed("an escape of a byte that needs none", value: byte), at: offset)
  }

  static func truncated(_ received: Int, of expected: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: expected), at: offset)
  }

  static let layouts: [StreamCase<SLIPFramer>] = [
    .init("nothing sent, nothing framed", three, [], []),
    .init("one message", three, [1, 2, 0xC0], [[1, 2]]),
    .init("an escaped END", three, [0xDB, 0xDC, 0xC0], [[0xC0]]),
    .init("an escaped escape", three, [0xDB, 0xDD, 0xC0], [[0xDB]]),
    .init("nothing but escapes", three, [0xDB, 0xDD, 0xDB, 0xDC, 0xDB, 0xDC, 0xC0], [[0xDB, 0xC0, 0xC0]]),
    .init("what looks like an escape once it is undone", three, [0xDB, 0xDD, 0xDC, 0xC0], [[0xDB, 0xDC]]),
    .init(
      "the second bytes of escapes alone", three, [0xDC, 0xDD, 0xC0, 0xDD, 0xC0], [[0xDC, 0xDD], [0xDD]]),
    .init(
      "longer than a search block", SLIPFramer(), [UInt8](0..<40) + [0xDB, 0xDC] + [UInt8](0..<40) + [0xC0],
      [[UInt8](0..<40) + [0xC0] + [UInt8](0..<40)]),
    .init("the largest limit", SLIPFramer(limit: .max), [1, 0xDB, 0xDC, 0xC0], [[1, 0xC0]]),
  ]

  static let others: [StreamCase<SLIPFramer>] = [
    .init("only ENDs", three, [0xC0, 0xC0, 0xC0], []),
    .init("ENDs in front and behind", three, [0xC0, 1, 0xC0, 0xC0, 2, 0xC0, 0xC0], [[1], [2]]),
    .init("an escape of another byte", three, [1, 0xDB, 1, 0xC0], [], malformed(1)),
    .init("an escape of END", three, [1, 0xC0, 0xDB, 0xC0], [[1]], malformed(0xC0, at: 2)),
    .init("an escape of an escape", three, [0xC0, 0xDB, 0xDB, 0xC0], [], malformed(0xDB, at: 1)),
    .init("above the limit", three, [1, 0xC0, 1, 2, 3, 4, 0xC0], [[1]], FramingError(tooLong, at: 2)),
    .init("an escape above the limit", three, [1, 2, 3, 0xDB, 0xDC, 0xC0], [], FramingError(tooLong, at: 0)),
    .init(
      "a wrong escape above the limit", three, [1, 2, 3, 0xDB, 1, 0xC0], [], FramingError(tooLong, at: 0)),
    .init("a wrong escape before the limit", three, [1, 0xDB, 1, 2, 3, 4, 0xC0], [], malformed(1)),
    .init(
      "the last byte of the limit escaped", three, [1, 2, 0xDB, 0xDD, 3, 0xC0], [],
      FramingError(tooLong, at: 0)),
    .init("a tail", three, [0xC0, 1, 2], [], truncated(2, of: 3, at: 1)),
    .init("a tail of the limit", three, [1, 2, 3], [], truncated(3, of: 4)),
    .init("half an escape", three, [1, 0xC0, 1, 0xDB], [[1]], truncated(2, of: 4, at: 2)),
  ]

  @Test("gives the same result however the stream is cut", arguments: layouts + others)
  func cutting(stream: StreamCase<SLIPFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends what it received", arguments: layouts)
  func encoding(stream: StreamCase<SLIPFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  static let refusals: [RefusalCase<SLIPFramer>] = [
    .init("empty", three, [], .unencodable("there is no empty frame in this framing")),
    .init("above the limit", three, [1, 2, 3, 4], .tooLong(length: 4, limit: 3)),
    .init("above the limit with escapes", three, [0xC0, 0xC0, 0xDB, 0xC0], .tooLong(length: 4, limit: 3)),
  ]

  @Test("refuses what it cannot carry and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<SLIPFramer>) { refusal.verify() }

  @Test("shows a frame with its escapes, and takes its message without them")
  func peeking() throws {
    var decoder = FrameDecoder(Self.three)
    decoder.append([0xC0, 0xC0, 0xDB, 0xDC, 1, 0xC0, 2, 0xC0])
    for _ in 0..<2 {
      let location = try decoder.peek()
      #expect(location == FrameLocation(offset: 2, wireLength: 4, payload: 0..<3))
    }
    let unread = decoder.withUnreadBytes { [UInt8](copying: $0) }
    #expect(unread == [0xDB, 0xDC, 1, 0xC0, 2, 0xC0])
    try decoder.finish()
    let messages = [try decoder.next(), try decoder.next(), try decoder.next()]
    #expect(messages == [[0xC0, 1], [2], nil])
    #expect(decoder.offset == 8)
  }

  @Test("is the same framer wherever it is in its stream", arguments: [[1], [1, 0xDB], [0xDB, 0xDC, 1]])
  func equality(part: [UInt8]) throws { try verifyEquality(of: Self.three, havingScanned: part) }

  /// RFC 1055, one byte at a time.
  static func reference(_ wire: [UInt8], limit: Int) -> [StreamEvent] {
    var events: [StreamEvent] = []
    var message: [UInt8] = []
    var start = 0
    var isEscaped = false
    for (index, byte) in wire.enumerated() {
      if isEscaped {
        guard byte == 0xDC || byte == 0xDD else {
          return events + [.error(malformed(UInt64(byte), at: UInt64(start)))]
        }
        message.append(byte == 0xDC ? 0xC0 : 0xDB)
        isEscaped = false
      } else if byte == 0xC0 {
        if index > start { events.append(.message(message)) }
        message = []
        start = index + 1
      } else if message.count == limit {
        return events + [.error(FramingError(.tooLong(length: nil, limit: limit), at: UInt64(start)))]
      } else if byte == 0xDB {
        isEscaped = true
      } else {
        message.append(byte)
      }
    }
    let received = wire.count - start
    guard received > 0 else { return events }
    return events + [.error(truncated(received, of: received + (isEscaped ? 2 : 1), at: UInt64(start)))]
  }

  static let alphabet: [UInt8] = [0xC0, 0xDB, 0xDC, 0xDD, 1]

  @Test("agrees with a slow reference on every short stream, cut in every way", arguments: [1, 2, 3, .max])
  func everyStream(limit: Int) {
    verifyEveryStream(by: SLIPFramer(limit: limit), alphabet: Self.alphabet, upTo: 4) {
      Self.reference($0, limit: limit)
    }
  }

  static let pieces: [[UInt8]] =
    [
      [0xC0], [0xDB, 0xDC], [0xDB, 0xDD], [1], [UInt8](repeating: 2, count: 17), [0xDC], [0xC0, 0xC0],
      [3, 4, 0xC0],
    ]

  @Test("agrees with a slow reference on random streams, cut at random", arguments: [1, 5, 17, 40, .max])
  func randomBytes(limit: Int) {
    let framer = SLIPFramer(limit: limit)
    let reference = { (wire: [UInt8]) in Self.reference(wire, limit: limit) }
    verifyRandomStreams(by: framer, pieces: Self.pieces, seed: 7, reference: reference)
    verifyRandomStreams(by: framer, pieces: Self.pieces + [[0xDB]], seed: 8, reference: reference)
    verifyRandomMessages(by: framer, alphabet: Self.alphabet, seed: UInt64(limit))
  }

  @Test("undoes a run of 100,000 escapes, however much arrives at once", arguments: [1, 2, 3, 4096, 300_000])
  func manyEscapes(chunk: Int) throws {
    let message = [UInt8](repeating: 0xC0, count: 100_000)
    let wire = try encode([message], by: SLIPFramer())
    #expect(wire.count == 200_001)
    let outcome = decode(
      wire, cutAt: Array(stride(from: chunk, to: wire.count, by: chunk)), by: SLIPFramer())
    #expect(outcome == Outcome(messages: [message]))
  }
}
