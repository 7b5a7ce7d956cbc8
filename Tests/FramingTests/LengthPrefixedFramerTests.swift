import Framing
import Testing

@Suite("Length-prefixed framing")
struct LengthPrefixedFramerTests {
  typealias Framer = LengthPrefixedFramer
  typealias Stream = StreamCase<LengthPrefixedFramer>

  static let hi = bytes("hi")
  static let magic = Framer(width: 1, offset: 3, limit: 9, magic: [0xCA, 0xFE])

  static func truncated(_ received: Int, of expected: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: expected), at: offset)
  }

  static let layouts: [Stream] = [
    .init("nothing sent, nothing framed", Framer(), [], []),
    .init("the default", Framer(), [0, 0, 0, 2] + hi, [hi]),
    .init("empty messages", Framer(width: 2), [0, 0, 0, 0], [[], []]),
    .init("width 1", Framer(width: 1), [2] + hi + [1, 7], [hi, [7]]),
    .init("width 3", Framer(width: 3), [0, 0, 2] + hi, [hi]),
    .init(
      "width 3, little-endian", Framer(width: 3, endianness: .little), [2, 0, 0, 255, 255], [[255, 255]]),
    .init("width 8", Framer(width: 8), [0, 0, 0, 0, 0, 0, 0, 2] + hi, [hi]),
    .init(
      "width 8, little-endian", Framer(width: 8, endianness: .little), [1, 0, 0, 0, 0, 0, 0, 0, 9], [[9]]),
    .init("a length that counts itself", .inclusive(width: 2), [0, 4] + hi + [0, 2], [hi, []]),
    .init("a length that counts the frame", .inclusive(width: 1, offset: 2), [0, 0, 5] + hi, [hi]),
    .init("bytes that the length does not count", Framer(width: 1, adjustment: 2), [0] + hi, [hi]),
    .init("bytes in front of the length", Framer(width: 1, offset: 2), [0, 0, 2] + hi, [hi]),
    .init("nothing stripped", Framer(width: 1, offset: 1, strip: 0), [81, 2] + hi, [[81, 2] + hi]),
    .init("a part of the header stripped", Framer(width: 2, strip: 1), [0, 2] + hi, [[2] + hi]),
    .init("a part of the body stripped", Framer(width: 1, strip: 3), [4, 0, 0] + hi + [2, 0, 0], [hi, []]),
    .init("magic bytes", magic, [0xCA, 0xFE, 0, 2] + hi, [hi]),
    .init("the minimum", Framer(width: 1, minimum: 2), [2] + hi, [hi]),
    .init("the limit", Framer(width: 1, limit: 2), [2] + hi, [hi]),
  ]

  static let faults: [Stream] = [
    .init("the header is cut off", Framer(), [0, 0], [], truncated(2, of: 4)),
    .init("the magic is cut off", magic, [0xCA], [], truncated(1, of: 4)),
    .init("only the header came", Framer(width: 1), [2], [], truncated(1, of: 3)),
    .init("the body is cut off", Framer(width: 1), [0, 2, 7], [[]], truncated(2, of: 3, at: 1)),
    .init(
      "a body of half the address space is cut off", Framer(width: 8, limit: .max),
      [64, 0, 0, 0, 0, 0, 0, 0, 1],
      [], truncated(9, of: 1 << 62 + 8)),
    .init(
      "above the limit", Framer(width: 1, limit: 2), [0, 3, 1], [[]],
      FramingError(.tooLong(length: 3, limit: 2), at: 1)),
    .init(
      "above the limit, and too short to strip from", Framer(width: 1, strip: 9, limit: 2), [3], [],
      FramingError(.tooLong(length: 3, limit: 2), at: 0)),
    .init(
      "a frame above 63 bits", Framer(width: 8, limit: .max), [127] + [UInt8](repeating: 255, count: 7), [],
      FramingError(.tooLong(length: UInt64(Int.max), limit: .max), at: 0)),
    .init("a length that does not count itself", .inclusive(width: 1), [1, 0], [[]], tooSmall(0, at: 1)),
    .init(
      "below the minimum", Framer(width: 1, strip: 9, minimum: 2), [1], [],
      FramingError(.malformed("the frame is shorter than the minimum", value: 1), at: 0)),
    .init(
      "shorter than what is stripped", Framer(width: 1, strip: 3), [1], [],
      FramingError(.malformed("the frame is shorter than the bytes to strip from it", value: 2), at: 0)),
    .init("wrong at the first byte", magic, [0xCB, 0xFE, 0, 255], [], wrongMagic(0xCB, at: 0)),
    .init("wrong in the second frame", magic, [0xCA, 0xFE, 0, 0, 0xCA, 1], [[]], wrongMagic(1, at: 4)),
  ]

  static func tooSmall(_ value: UInt64, at offset: UInt64) -> FramingError {
    FramingError(
      .malformed("the length field is too small to count what it has to count", value: value), at: offset)
  }

  static func wrongMagic(_ byte: UInt64, at offset: UInt64) -> FramingError {
    FramingError(.malformed("the frame does not begin with the magic bytes", value: byte), at: offset)
  }

  @Test("gives the same result however the stream is cut", arguments: layouts + faults)
  func cutting(stream: Stream) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends what it received", arguments: layouts)
  func encoding(stream: Stream) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  @Test("refuses a length over the limit before any byte of that body arrives")
  func judgedOnTheHeader() throws {
    var decoder = FrameDecoder(Framer(width: 2, limit: 2))
    decoder.append([0])
    let undecided = try decoder.next()
    #expect(undecided == nil)
    decoder.append([3])
    #expect(throws: FramingError(.tooLong(length: 3, limit: 2), at: 0)) { try decoder.next() }
  }

  @Test("takes a length of all ones for a large number, in every width and order", arguments: 1...8)
  func allOnes(width: Int) {
    let value = UInt64.max >> UInt64(64 - 8 * width)
    for endianness in [Endianness.big, .little] {
      for (adjustment, length) in [(0, value), (-1, value - 1), (1, width == 8 ? value : value + 1)] {
        let framer = Framer(width: width, endianness: endianness, adjustment: adjustment, limit: 7)
        let outcome = decode([UInt8](repeating: 255, count: width), by: framer)
        #expect(outcome.error == FramingError(.tooLong(length: length, limit: 7), at: 0))
      }
    }
  }

  @Test("puts every width in both orders and finds it again", arguments: 1...8)
  func widths(width: Int) throws {
    for endianness in [Endianness.big, .little] {
      let framer = Framer(width: width, endianness: endianness)
      let payload = [UInt8](repeating: 1, count: width == 1 ? 255 : 258)
      let wire = try encode([payload, []], by: framer)
      let outcome = decode(wire, by: framer)
      #expect(wire.count == 2 * width + payload.count)
      #expect(outcome == Outcome(messages: [payload, []]))
    }
  }

  @Test("computes with the extreme adjustments without a trap")
  func extremeAdjustments() throws {
    let lowest = Framer(width: 8, adjustment: .min)
    let wire = try encode([Self.hi], by: lowest)
    #expect(wire == [128, 0, 0, 0, 0, 0, 0, 2] + Self.hi)
    let outcome = decode(wire, by: lowest)
    #expect(outcome == Outcome(messages: [Self.hi]))
    let below = decode([0, 0, 0, 0, 0, 0, 0, 9], by: lowest)
    #expect(below.error == Self.tooSmall(9, at: 0))

    let highest = Framer(width: 1, adjustment: .max, limit: .max)
    let beyond = decode([255], by: highest)
    #expect(beyond.error == FramingError(.tooLong(length: 1 << 63 + 254, limit: .max), at: 0))
    let wide = decode([UInt8](repeating: 255, count: 8), by: Framer(width: 8, adjustment: .max))
    #expect(wide.error == FramingError(.tooLong(length: .max, limit: 16 << 20), at: 0))
  }

  static let refusals: [RefusalCase<LengthPrefixedFramer>] = [
    .init("above the limit", Framer(limit: 1), hi, .tooLong(length: 2, limit: 1)),
    .init(
      "above the limit, header included", Framer(width: 1, strip: 0, limit: 1), [2] + hi,
      .tooLong(length: 2, limit: 1)),
    .init(
      "below the minimum", Framer(minimum: 3), hi,
      .unencodable("the frame would be shorter than the minimum", value: 2)),
    .init("above what the field holds", Framer(width: 1), [UInt8](repeating: 0, count: 256), misfit(256)),
    .init("a body below a positive adjustment", Framer(adjustment: 3), hi, misfit(2)),
    .init("the highest adjustment", Framer(adjustment: .max), hi, misfit(2)),
    .init("the lowest adjustment in a narrow field", Framer(adjustment: .min), hi, misfit(2)),
    .init(
      "shorter than its header", Framer(width: 4, strip: 0), hi,
      .unencodable("the message is shorter than the header that it has to begin with", value: 2)),
    .init("another length in its header", Framer(width: 1, strip: 0), [9] + hi, foreign(9)),
    .init(
      "another magic in its header", Framer(width: 1, offset: 1, strip: 0, magic: [7]), [8, 0], foreign(8)),
  ]

  static func misfit(_ length: UInt64) -> FrameFault {
    .unencodable("the length does not fit the length field", value: length)
  }

  static func foreign(_ byte: UInt64) -> FrameFault {
    .unencodable("the message begins with a header that is not its own", value: byte)
  }

  @Test("refuses what it cannot carry and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<LengthPrefixedFramer>) { refusal.verify() }

  // MARK: Leaving over-long frames out

  static func leaving(
    width: Int = 1, offset: Int = 0, adjustment: Int = 0, strip: Int? = nil, limit: Int = 2, minimum: Int = 0,
    magic: [UInt8] = []
  ) -> Framer {
    Framer(
      width: width, offset: offset, adjustment: adjustment, strip: strip, limit: limit, minimum: minimum,
      magic: magic, tooLongFrame: .discard)
  }

  static func tooLong(_ length: UInt64, limit: Int = 2, at offset: UInt64 = 0) -> StreamEvent {
    .error(FramingError(.tooLong(length: length, limit: limit), at: offset))
  }

  static let discarded: [EventCase<LengthPrefixedFramer>] = [
    .init(
      "between two messages", leaving(), [1, 7, 3, 1, 1, 1, 1, 8],
      [.message([7]), tooLong(3, at: 2), .message([8])]),
    .init(
      "two in a row", leaving(), [3, 1, 1, 1, 4, 1, 1, 1, 1, 0],
      [tooLong(3), tooLong(4, at: 4), .message([])]),
    .init("up to the close", leaving(), [3, 1, 1], [tooLong(3)]),
    .init("only a header before the close", leaving(), [0, 3], [.message([]), tooLong(3, at: 1)]),
    .init("nothing behind it", leaving(), [3, 1, 1, 1], [tooLong(3)]),
    .init(
      "a truncated one behind it", leaving(), [3, 1, 1, 1, 1],
      [tooLong(3), .error(truncated(1, of: 2, at: 4))]),
    .init(
      "a header with other bytes", leaving(offset: 2, adjustment: 1, strip: 0),
      [9, 9, 2, 1, 1, 1, 9, 9, 0, 7],
      [tooLong(3), .message([9, 9, 0, 7])]),
    .init(
      "too long before too short to strip from", leaving(strip: 9), [3, 1, 1, 1, 4],
      [tooLong(3), tooLong(4, at: 4)]),
    .init(
      "below the minimum is final", leaving(minimum: 1), [3, 1, 1, 1, 0, 1, 7],
      [
        tooLong(3),
        .error(FramingError(.malformed("the frame is shorter than the minimum", value: 0), at: 4)),
      ]),
    .init(
      "wrong magic is final", leaving(offset: 1, magic: [7]), [7, 3, 1, 1, 1, 8],
      [tooLong(3), .error(wrongMagic(8, at: 5))]),
    .init("more than there can be", leaving(width: 8), [UInt8](repeating: 255, count: 10), [tooLong(.max)]),
    .init(
      "more than there can be, by adjusting", leaving(width: 8, adjustment: .max),
      [UInt8](repeating: 255, count: 10), [tooLong(.max)]),
    .init(
      "a frame above 63 bits", leaving(width: 8, limit: .max), [127] + [UInt8](repeating: 255, count: 9),
      [tooLong(UInt64(Int.max), limit: .max)]),
  ]

  @Test("leaves an over-long frame out if told so, with one error", arguments: discarded)
  func discarding(stream: EventCase<LengthPrefixedFramer>) { stream.verify() }

  @Test("keeps nothing of a frame that is left out", arguments: [1, 100, 65_535])
  func memory(chunk: Int) throws {
    var decoder = FrameDecoder(Self.leaving(width: 3))
    decoder.append([0, 255, 255])
    #expect(throws: FramingError(.tooLong(length: 65_535, limit: 2), at: 0)) { try decoder.next() }
    var left = 65_535
    while left > 0 {
      decoder.append([UInt8](repeating: 1, count: min(chunk, left)))
      left -= min(chunk, left)
      let nothing = try decoder.next()
      #expect(nothing == nil)
      #expect(decoder.unreadCount == 0)
    }
    #expect(decoder.failure == nil)
    decoder.append([0, 0, 1, 7])
    let message = try decoder.next()
    #expect(message == [7])
    #expect(decoder.offset == 65_542)
  }

  @Test("is equal to another with the same options, and to none that differs in one", arguments: varieties)
  func equality(number: Int, framer: Framer) {
    let again = Self.varieties[number].framer
    #expect(framer == again)
    #expect(framer.hashValue == again.hashValue)
    for other in Self.varieties where other.number != number { #expect(framer != other.framer) }
  }

  /// Computed, so that each use makes framers of its own. Each differs from the first in one option.
  static var varieties: [(number: Int, framer: Framer)] {
    let framers = [
      Framer(offset: 2), Framer(width: 3, offset: 2, strip: 6), Framer(endianness: .little, offset: 2),
      Framer(offset: 3, strip: 6), Framer(offset: 2, adjustment: 1), Framer(offset: 2, strip: 5),
      Framer(offset: 2, limit: 9), Framer(offset: 2, minimum: 1), Framer(offset: 2, magic: [7]),
      Framer(offset: 2, tooLongFrame: .discard),
    ]
    return framers.enumerated().map { ($0, $1) }
  }

  @Test("is the same framer wherever it is in its stream")
  func equality() throws {
    try verifyEquality(of: Framer(), havingScanned: [0, 0])
    var used = Self.leaving()
    _ = used.recover(from: .tooLong(length: 9, limit: 2), in: [9, 1].span)
    #expect(used == Self.leaving())
  }

  /// One byte of length, one frame after the other.
  static func reference(_ wire: [UInt8], limit: Int) -> [StreamEvent] {
    var events: [StreamEvent] = []
    var start = 0
    while start < wire.count {
      let length = Int(wire[start])
      let end = start + 1 + length
      if length > limit {
        events.append(tooLong(UInt64(length), limit: limit, at: UInt64(start)))
      } else if end <= wire.count {
        events.append(.message(Array(wire[start + 1..<end])))
      } else {
        events.append(.error(truncated(wire.count - start, of: 1 + length, at: UInt64(start))))
      }
      start = end
    }
    return events
  }

  @Test(
    "agrees with a slow reference on streams with over-long frames, cut in every way", arguments: [0, 1, 2])
  func everyStream(limit: Int) {
    let framer = Self.leaving(limit: limit)
    let reference = { (wire: [UInt8]) in Self.reference(wire, limit: limit) }
    verifyEveryStream(by: framer, alphabet: [0, 1, 2, 3], upTo: 5, reference: reference)
    verifyRandomStreams(
      by: framer, pieces: [[0], [1, 1], [2, 2, 2], [5, 0, 0, 0], [40], [3, 3, 3, 3]], seed: 20,
      reference: reference)
  }

  static let framers = [
    leaving(), leaving(width: 2, offset: 1, adjustment: -1, strip: 0), Framer(width: 1),
    .inclusive(width: 2, limit: 9), Framer(width: 8, limit: .max), magic,
    Framer(width: 3, endianness: .little, offset: 1, adjustment: -2, strip: 0, limit: 20),
    Framer(width: 1, adjustment: .min), Framer(width: 8, adjustment: .max, limit: .max),
    Framer(width: 1, strip: 4, limit: 5, minimum: 1), Framer(width: 8, strip: 1 << 20, limit: 2),
  ]

  @Test("gives the same result for random bytes and random cuts", arguments: framers)
  func randomBytes(framer: LengthPrefixedFramer) {
    verifyRandomStreams(by: framer, alphabet: [0, 1, 2, 3, 0xCA, 0xFE, 0xFF], seed: 3)
    verifyRandomMessages(by: framer, alphabet: [0, 1, 2, 255], seed: 4)
  }
}
