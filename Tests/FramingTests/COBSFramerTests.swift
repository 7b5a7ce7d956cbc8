import Framing
import Testing

@Suite("COBS framing")
struct COBSFramerTests {
  static let three = COBSFramer(limit: 3)
  static let tooLong = FrameFault.tooLong(length: nil, limit: 3)

  static func malformed(_ missing: UInt64, at offset: UInt64 = 0) -> FramingError {
    FramingError(
      .malformed("a code reaches past the end of its frame, by so many bytes", value: missing), at: offset)
  }

  static func truncated(_ received: Int, of expected: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: expected), at: offset)
  }

  static func run(_ first: UInt8, _ last: UInt8) -> [UInt8] { [UInt8](first...last) }

  static func ones(_ count: Int) -> [UInt8] { [UInt8](repeating: 1, count: count) }

  static func vector(_ behaviour: String, _ message: [UInt8], _ wire: [UInt8]) -> StreamCase<COBSFramer> {
    StreamCase(behaviour, COBSFramer(), wire, [message])
  }

  /// The examples of the paper and the vectors that implementations share.
  static let vectors = [
    vector("empty", [], [1, 0]),
    vector("one zero", [0], [1, 1, 0]),
    vector("two zeros", [0, 0], [1, 1, 1, 0]),
    vector("a byte between zeros", [0, 0x11, 0], [1, 2, 0x11, 1, 0]),
    vector("a zero in the middle", [0x11, 0x22, 0, 0x33], [3, 0x11, 0x22, 2, 0x33, 0]),
    vector("no zero", [0x11, 0x22, 0x33, 0x44], [5, 0x11, 0x22, 0x33, 0x44, 0]),
    vector("three zeros at the end", [0x11, 0, 0, 0], [2, 0x11, 1, 1, 1, 0]),
    vector("1...254", run(1, 254), [255] + run(1, 254) + [0]),
    vector("0...254", run(0, 254), [1, 255] + run(1, 254) + [0]),
    vector("1...255", run(1, 255), [255] + run(1, 254) + [2, 255, 0]),
    vector("2...255, 0", run(2, 255) + [0], [255] + run(2, 255) + [1, 1, 0]),
    vector("3...255, 0, 1", run(3, 255) + [0, 1], [254] + run(3, 255) + [2, 1, 0]),
    vector("253 bytes", ones(253), [254] + ones(253) + [0]),
    vector("508 bytes", ones(508), [255] + ones(254) + [255] + ones(254) + [0]),
    vector("509 bytes", ones(509), [255] + ones(254) + [255] + ones(254) + [2, 1, 0]),
    vector("254 zeros", [UInt8](repeating: 0, count: 254), ones(255) + [0]),
    vector("255 zeros", [UInt8](repeating: 0, count: 255), ones(256) + [0]),
    vector(
      "the packet of the paper", [0x45, 0, 0, 0x2C, 0x4C, 0x79, 0, 0, 0x40, 6, 0x4F, 0x37],
      [2, 0x45, 1, 4, 0x2C, 0x4C, 0x79, 1, 5, 0x40, 6, 0x4F, 0x37, 0]),
  ]

  static let layouts: [StreamCase<COBSFramer>] = [
    .init("nothing sent, nothing framed", three, [], []),
    .init("empty messages", three, [1, 0, 1, 0], [[], []]),
    .init("two messages", three, [3, 7, 8, 0, 1, 2, 9, 0], [[7, 8], [0, 9]]),
    .init("exactly the limit", three, [4, 7, 8, 9, 0], [[7, 8, 9]]),
    .init("zeros of the limit", three, [1, 1, 1, 1, 0], [[0, 0, 0]]),
    .init("a limit of zero", COBSFramer(limit: 0), [1, 0], [[]]),
    .init("the largest limit", COBSFramer(limit: .max), [2, 7, 1, 0], [[7, 0]]),
  ]

  static let others: [StreamCase<COBSFramer>] = [
    .init("zeros alone", three, [0, 0, 0], []),
    .init("zeros between frames", three, [0, 2, 7, 0, 0, 0, 1, 0, 0], [[7], []]),
    .init(
      "an empty piece behind 254 bytes", COBSFramer(limit: 254), [255] + ones(254) + [1, 0], [ones(254)]),
    .init("a code past the end", three, [1, 0, 4, 7, 0], [[]], malformed(2, at: 2)),
    .init("the last code past the end", three, [2, 7, 2, 0, 1], [], malformed(1)),
    .init("only a code", three, [2, 0], [], malformed(1)),
    .init("above the limit", three, [2, 7, 0, 5], [[7]], FramingError(tooLong, at: 3)),
    .init(
      "above the limit with the last piece", three, [3, 7, 8, 2, 9, 0], [], FramingError(tooLong, at: 0)),
    .init(
      "above the limit with a zero left out", three, [4, 7, 8, 9, 1, 0], [], FramingError(tooLong, at: 0)),
    .init("above the limit and past the end", three, [9, 7, 0], [], FramingError(tooLong, at: 0)),
    .init(
      "the largest code above a limit of zero", COBSFramer(limit: 0), [0, 255], [],
      FramingError(.tooLong(length: nil, limit: 0), at: 1)),
    .init("a code is cut off from its piece", three, [0, 3], [], truncated(1, of: 4, at: 1)),
    .init("a piece is cut off", three, [2, 7, 0, 3, 7], [[7]], truncated(2, of: 4, at: 3)),
    .init("the zero is cut off", three, [1], [], truncated(1, of: 2)),
  ]

  @Test("gives the same result however the stream is cut", arguments: vectors + layouts + others)
  func cutting(stream: StreamCase<COBSFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends what it received", arguments: vectors + layouts)
  func encoding(stream: StreamCase<COBSFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  static let refusals: [RefusalCase<COBSFramer>] = [
    .init("above the limit", three, [1, 2, 3, 4], .tooLong(length: 4, limit: 3)),
    .init("above a limit of zero", COBSFramer(limit: 0), [0], .tooLong(length: 1, limit: 0)),
  ]

  @Test("refuses what is above the limit and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<COBSFramer>) { refusal.verify() }

  @Test("judges a code before any byte that it announces arrives")
  func judgedOnTheCode() throws {
    var decoder = FrameDecoder(Self.three)
    decoder.append([4])
    let undecided = try decoder.next()
    #expect(undecided == nil)
    decoder.append([7, 8, 9, 1])
    #expect(throws: FramingError(Self.tooLong, at: 0)) { try decoder.next() }
  }

  @Test("shows a frame with its codes, and takes its message without them")
  func peeking() throws {
    var decoder = FrameDecoder(Self.three)
    decoder.append([0, 2, 7, 2, 8, 0, 3, 7, 8, 0])
    for _ in 0..<2 {
      let location = try decoder.peek()
      #expect(location == FrameLocation(offset: 1, wireLength: 5, payload: 0..<4))
    }
    try decoder.finish()
    let messages = [try decoder.next(), try decoder.next(), try decoder.next()]
    #expect(messages == [[7, 0, 8], [7, 8], nil])
  }

  @Test("is the same framer wherever it is in its stream", arguments: [[1], [3, 7], [2, 7, 1], [2, 7, 2]])
  func equality(part: [UInt8]) throws { try verifyEquality(of: Self.three, havingScanned: part) }

  /// The decoder of the paper, one byte at a time.
  static func reference(_ wire: [UInt8], limit: Int) -> [StreamEvent] {
    var events: [StreamEvent] = []
    var message: [UInt8] = []
    var start = 0
    var missing = 0
    var code: UInt8 = 255
    for (index, byte) in wire.enumerated() {
      if byte == 0 {
        guard missing == 0 else { return events + [.error(malformed(UInt64(missing), at: UInt64(start)))] }
        if index > start { events.append(.message(message)) }
        (message, start, code) = ([], index + 1, 255)
      } else if missing > 0 {
        message.append(byte)
        missing -= 1
      } else {
        if code < 255 { message.append(0) }
        code = byte
        missing = Int(code) - 1
        guard message.count + missing <= limit else {
          return events + [.error(FramingError(.tooLong(length: nil, limit: limit), at: UInt64(start)))]
        }
      }
    }
    let received = wire.count - start
    guard received > 0 else { return events }
    return events + [.error(truncated(received, of: received + missing + 1, at: UInt64(start)))]
  }

  /// The encoder of the paper: a code is filled in once its piece is known.
  static func referenceEncoding(_ message: [UInt8]) -> [UInt8] {
    var wire: [UInt8] = [0]
    var code = 0
    for (index, byte) in message.enumerated() {
      if byte != 0 { wire.append(byte) }
      let isFull = wire.count - code == 255
      guard byte == 0 || isFull && index + 1 < message.count else { continue }
      wire[code] = UInt8(wire.count - code)
      code = wire.count
      wire.append(0)
    }
    wire[code] = UInt8(wire.count - code)
    return wire + [0]
  }

  @Test("agrees with a slow reference on every short stream, cut in every way", arguments: [0, 1, 2, 3, 300])
  func everyStream(limit: Int) {
    verifyEveryStream(by: COBSFramer(limit: limit), alphabet: [0, 1, 2, 3, 255], upTo: 4) {
      Self.reference($0, limit: limit)
    }
  }

  static let pieces: [[UInt8]] =
    [
      [0], [1], [2, 7], [3, 7, 7], [18] + ones(17), [255] + ones(254), [254] + ones(253), [1, 0], [0, 0],
      [2, 7, 0],
    ]

  @Test(
    "agrees with a slow reference on random streams, cut at random", arguments: [0, 1, 5, 17, 254, 255, 1000])
  func randomBytes(limit: Int) {
    let framer = COBSFramer(limit: limit)
    let reference = { (wire: [UInt8]) in Self.reference(wire, limit: limit) }
    verifyRandomStreams(by: framer, pieces: Self.pieces, seed: 9, reference: reference)
    verifyRandomStreams(by: framer, pieces: Self.pieces + [[4]], seed: 10, reference: reference)
    verifyRandomStreams(by: framer, alphabet: [0, 1, 2, 3, 4, 255], seed: 11)
    verifyRandomMessages(by: framer, alphabet: [0, 1, 255], seed: UInt64(limit))
  }

  @Test("sends what a slow reference sends, with a zero anywhere, around the borders of 254 bytes")
  func borders() throws {
    for count in [0, 1, 252, 253, 254, 255, 256, 507, 508, 509, 510, 762, 763] {
      var messages = [Self.ones(count)]
      for place in [0, 1, 252, 253, 254, 255, 507, 508, 509, count - 1] where 0..<count ~= place {
        var message = Self.ones(count)
        message[place] = 0
        messages.append(message)
      }
      let wire = try encode(messages, by: COBSFramer())
      let expected = messages.flatMap(Self.referenceEncoding)
      #expect(wire == expected, "\(count) bytes")
      let outcome = decode(wire, cutAt: Array(1..<wire.count), by: COBSFramer())
      #expect(outcome == Outcome(messages: messages), "\(count) bytes")
    }
  }

  @Test(
    "stuffs 100,000 zeros, and puts them back however much arrives at once",
    arguments: [1, 2, 255, 4096, 300_000])
  func manyZeros(chunk: Int) throws {
    let message = [UInt8](repeating: 0, count: 100_000)
    let wire = try encode([message], by: COBSFramer())
    #expect(wire == Self.ones(100_001) + [0])
    let outcome = decode(
      wire, cutAt: Array(stride(from: chunk, to: wire.count, by: chunk)), by: COBSFramer())
    #expect(outcome == Outcome(messages: [message]))
  }
}
