import Framing
import Testing

@Suite("Delimiter framing")
struct DelimiterFramerTests {
  static func framer(
    _ delimiters: String..., keeps: Bool = false, final: FinalFrame = .error,
    limit: Int = 1 << 20
  ) -> DelimiterFramer {
    DelimiterFramer(delimiters.map(bytes), keepsDelimiter: keeps, finalFrame: final, limit: limit)
  }

  static let crlf = framer("\r\n")
  static let tooLong = FrameFault.tooLong(length: nil, limit: 3)

  static func truncated(_ received: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: received + 1), at: offset)
  }

  static func stream(
    _ behaviour: String, _ framer: DelimiterFramer, _ wire: String, _ messages: [String],
    _ error: FramingError? = nil
  ) -> StreamCase<DelimiterFramer> {
    StreamCase(behaviour, framer, bytes(wire), messages.map(bytes), error)
  }

  static let oneDelimiter = [
    stream("nothing sent, nothing framed", crlf, "", []),
    stream("empty messages", crlf, "\r\n\r\n", ["", ""]),
    stream("one message", crlf, "hi\r\n", ["hi"]),
    stream("two messages", crlf, "a\r\nbc\r\n", ["a", "bc"]),
    stream("halves of a delimiter are payload", crlf, "a\rb\nc\r\n", ["a\rb\nc"]),
    stream("the first byte twice", crlf, "a\r\r\n", ["a\r"]),
    stream("a delimiter that overlaps itself", framer("aab"), "aaabaab", ["a", ""]),
    stream("a repeated pair", framer("abab"), "ababab abab", ["", "ab "]),
    stream("one byte", framer("\u{0}"), "a\u{0}\u{0}", ["a", ""]),
    stream("longer than a search block", framer("\n"), "0123456789abcdef0\nx\n", ["0123456789abcdef0", "x"]),
    stream("a tail is truncated", crlf, "a\r\nbc", ["a"], truncated(2, at: 3)),
    stream("half a delimiter is truncated", crlf, "hi\r", [], truncated(3)),
  ]

  static let severalDelimiters = [
    stream("any of them ends a message", framer(";", ","), "a;b,,", ["a", "b", ""]),
    stream("the longest at the earliest place", framer("\r", "\r\n"), "a\r\nb\rc\r", ["a", "b", "c"]),
    stream("the order does not matter", framer("\r\n", "\r"), "a\r\nb\rc\r", ["a", "b", "c"]),
    stream(
      "the earliest place before the earliest end", framer("bc", "abcd"), "xabcdabce", ["x", "a"],
      truncated(1, at: 8)),
    stream("a longer one that did not come", framer("abcd", "c"), "xabcyc", ["xab", "y"]),
    stream("held, and decided by the close", framer("abcd", "c"), "xabc", ["xab"]),
    stream("several held, and decided by the close", framer("a", "aaab"), "aaa", ["", "", ""]),
    stream("held, and the rest is a tail", framer("abcd", "b"), "abc", ["a"], truncated(1, at: 2)),
  ]

  static let limits = [
    stream("exactly the limit", framer("\r\n", limit: 3), "abc\r\n", ["abc"]),
    stream("one byte more", framer("\r\n", limit: 3), "abcd\r\n", [], FramingError(tooLong, at: 0)),
    stream("behind a message", framer("\n", limit: 3), "a\nlong\n", ["a"], FramingError(tooLong, at: 2)),
    stream("the limit and half a delimiter", framer("\r\n", limit: 3), "abc\r", [], truncated(4)),
    stream("no delimiter after all", framer("\r\n", limit: 3), "abc\rx", [], FramingError(tooLong, at: 0)),
    stream("a tail of the limit", framer("\n", limit: 3), "abc", [], truncated(3)),
    stream(
      "a limit of zero", framer("\n", limit: 0), "\na", [""],
      FramingError(.tooLong(length: nil, limit: 0), at: 1)
    ),
    stream("kept and not counted", framer("\r\n", keeps: true, limit: 3), "abc\r\n", ["abc\r\n"]),
    stream("a final tail of the limit", framer("\n", final: .deliver, limit: 3), "abc", ["abc"]),
    stream(
      "a final tail with half a delimiter", framer("\r\n", final: .deliver, limit: 3), "abc\r", [],
      FramingError(tooLong, at: 0)),
  ]

  static let options = [
    stream("keep", framer("\r\n", "\n", keeps: true), "a\r\n\nb\n", ["a\r\n", "\n", "b\n"]),
    stream("a final tail", framer("\n", final: .deliver), "a\nb", ["a", "b"]),
    stream("half a delimiter in a final tail", framer("\r\n", final: .deliver), "a\r", ["a\r"]),
    stream("no empty final tail", framer("\n", final: .deliver), "a\n", ["a"]),
    stream("held before a final tail", framer("abcd", "b", final: .deliver), "abc", ["a", "c"]),
    stream("keep and a final tail", framer("\n", keeps: true, final: .deliver), "a\nb", ["a\n", "b"]),
  ]

  @Test(
    "gives the same result however the stream is cut",
    arguments: oneDelimiter + severalDelimiters + limits + options)
  func cutting(stream: StreamCase<DelimiterFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends a message with its delimiter", arguments: oneDelimiter.filter { $0.error == nil })
  func encoding(stream: StreamCase<DelimiterFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  @Test("sends with the first of several delimiters, and with keep what the message ends with")
  func encodingWithSeveral() throws {
    let first = try encode([bytes("a"), []], by: Self.framer("\r\n", "\n"))
    #expect(first == bytes("a\r\n\r\n"))
    let kept = try encode([bytes("a\n"), bytes("\r\n")], by: Self.framer("\r\n", "\n", keeps: true))
    #expect(kept == bytes("a\n\r\n"))
  }

  static let ambiguous: FrameFault =
    .unencodable("the message holds a delimiter, or its end could be read as another one")
  static let notOneFrame: FrameFault =
    .unencodable("the message is not one frame that ends with its delimiter")

  static let refusals: [RefusalCase<DelimiterFramer>] = [
    .init("a delimiter inside", crlf, bytes("a\r\nb"), ambiguous),
    .init("a delimiter at the end", crlf, bytes("a\r\n"), ambiguous),
    .init("another delimiter inside", framer("\r\n", "\n"), bytes("a\nb"), ambiguous),
    .init("an end that makes the delimiter longer", framer("\n", "\r\n"), bytes("a\r"), ambiguous),
    .init("an end that overlaps the delimiter", framer("aa"), bytes("a"), ambiguous),
    .init("a delimiter that the next message could lengthen", framer("\r", "\r\n"), bytes("a"), ambiguous),
    .init("above the limit", framer("\n", limit: 3), bytes("abcd"), .tooLong(length: 4, limit: 3)),
    .init("kept: without its delimiter", framer("\n", keeps: true), bytes("a"), notOneFrame),
    .init("kept: two frames", framer("\n", keeps: true), bytes("a\nb\n"), notOneFrame),
    .init("kept: empty", framer("\n", keeps: true), [], notOneFrame),
    .init("kept: above the limit", framer("\n", keeps: true, limit: 3), bytes("abcd\n"), tooLong),
  ]

  @Test("refuses what it would misread and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<DelimiterFramer>) { refusal.verify() }

  @Test("is too long as soon as no delimiter can begin within the limit")
  func earliestRefusal() throws {
    var decoder = FrameDecoder(Self.framer("\r\n", limit: 3))
    decoder.append(bytes("abc"))
    let atTheLimit = try decoder.next()
    #expect(atTheLimit == nil)
    decoder.append(bytes("d"))
    #expect(throws: FramingError(Self.tooLong, at: 0)) { try decoder.next() }
  }

  @Test("holds a delimiter that may be the beginning of a longer one")
  func holding() throws {
    var decoder = FrameDecoder(Self.framer("\r", "\r\n"))
    decoder.append(bytes("a\r"))
    let held = try decoder.next()
    decoder.append(bytes("b"))
    let decided = try decoder.next()
    #expect(held == nil)
    #expect(decided == bytes("a"))
  }

  // MARK: Leaving over-long frames out

  static func leaving(_ delimiters: String..., keeps: Bool = false, final: FinalFrame = .error)
    -> DelimiterFramer
  {
    DelimiterFramer(
      delimiters.map(bytes), keepsDelimiter: keeps, finalFrame: final, limit: 3, tooLongFrame: .discard)
  }

  static func left(
    _ behaviour: String, _ framer: DelimiterFramer, _ wire: String, _ events: StreamEvent...
  ) -> EventCase<DelimiterFramer> {
    EventCase(behaviour, framer, bytes(wire), events)
  }

  static func message(_ text: String) -> StreamEvent { .message(bytes(text)) }
  static func tooLong(at offset: UInt64) -> StreamEvent { .error(FramingError(tooLong, at: offset)) }

  static let discarded = [
    left(
      "between two messages", leaving("\n"), "a\nabcdefg\nb\n", message("a"), tooLong(at: 2), message("b")),
    left("two in a row", leaving("\n"), "abcd\nefgh\n", tooLong(at: 0), tooLong(at: 5)),
    left("an empty message behind it", leaving("\n"), "abcd\n\n", tooLong(at: 0), message("")),
    left("kept delimiters", leaving("\n", keeps: true), "abcd\nb\n", tooLong(at: 0), message("b\n")),
    left("up to the close", leaving("\n"), "abcdefg", tooLong(at: 0)),
    left("up to the close, half a delimiter included", leaving("\r\n"), "abcd\r", tooLong(at: 0)),
    left("a final tail", leaving("\n", final: .deliver), "abcdefg", tooLong(at: 0)),
    left("a final tail with half a delimiter", leaving("\r\n", final: .deliver), "abc\r", tooLong(at: 0)),
    left("halves of a delimiter inside", leaving("\r\n"), "abcd\r\r\nb\r\n", tooLong(at: 0), message("b")),
    left("a delimiter that overlaps itself", leaving("aab"), "xxxxaaab", tooLong(at: 0)),
    left("up to the longest of several", leaving("\r", "\r\n"), "abcd\r\nb\r", tooLong(at: 0), message("b")),
    left(
      "and what follows may be truncated", leaving("\n"), "abcd\nb", tooLong(at: 0),
      .error(truncated(1, at: 5))),
  ]

  @Test("leaves an over-long frame out if told so, with one error", arguments: discarded)
  func discarding(stream: EventCase<DelimiterFramer>) { stream.verify() }

  @Test("knows which error it goes on behind")
  func failure() throws {
    var decoder = FrameDecoder(Self.leaving("\n"))
    decoder.append(bytes("abcd"))
    #expect(throws: FramingError(Self.tooLong, at: 0)) { try decoder.next() }
    #expect(decoder.failure == nil)
    let nothing = try decoder.next()
    #expect(nothing == nil)
    #expect(decoder.unreadCount == 0)
    decoder.append(bytes("efgh\nb\n"))
    let message = try decoder.next()
    #expect(message == bytes("b"))
    #expect(decoder.offset == 11)
  }

  @Test("tells at the close of a frame that only the close makes too long, and that once")
  func failureAtTheClose() throws {
    var decoder = FrameDecoder(Self.leaving("\r\n", final: .deliver))
    decoder.append(bytes("abc\r"))
    let nothing = try decoder.next()
    #expect(nothing == nil)
    #expect(throws: FramingError(Self.tooLong, at: 0)) { try decoder.finish() }
    #expect(decoder.failure == nil)
    let nothingMore = try decoder.next()
    #expect(nothingMore == nil)
    try decoder.finish()
  }

  @Test("holds no more of a frame that is left out than half a delimiter", arguments: [1, 7, 1000])
  func memory(chunk: Int) throws {
    var decoder = FrameDecoder(Self.leaving("\r\n"))
    decoder.append(bytes("abcd"))
    #expect(throws: FramingError.self) { try decoder.next() }
    for _ in 0..<100 {
      decoder.append([UInt8](repeating: 13, count: chunk))
      let nothing = try decoder.next()
      #expect(nothing == nil)
      #expect(decoder.unreadCount <= 1)
    }
  }

  @Test("is the same framer wherever it is in its stream")
  func equality() throws {
    try verifyEquality(of: Self.leaving("\r\n"), havingScanned: bytes("abc\r"))
    var used = Self.leaving("\n")
    _ = used.recover(from: Self.tooLong, in: bytes("abcd").span)
    #expect(used == Self.leaving("\n"))
    var wire = FrameBuffer()
    try used.encode(bytes("a").span, into: &wire)
    #expect(wire.count == 2)
  }

  /// One delimiter of one byte: split, then judge each part.
  static func reference(_ wire: [UInt8], _ framer: DelimiterFramer) -> [StreamEvent] {
    var events: [StreamEvent] = []
    var start = 0
    for part in wire.split(separator: framer.delimiters[0][0], omittingEmptySubsequences: false) {
      let isTail = part.endIndex == wire.count
      if part.count > framer.limit {
        events.append(.error(FramingError(.tooLong(length: nil, limit: framer.limit), at: UInt64(start))))
        if framer.tooLongFrame == .fail { return events }
      } else if !isTail {
        events.append(.message(part + (framer.keepsDelimiter ? framer.delimiters[0] : [])))
      } else if !part.isEmpty {
        events.append(
          framer.finalFrame == .deliver
            ? .message(Array(part)) : .error(truncated(part.count, at: UInt64(start))))
      }
      start = part.endIndex + 1
    }
    return events
  }

  @Test("agrees with a slow reference on every short stream, cut in every way", arguments: [0, 1, 2, .max])
  func everyStream(limit: Int) {
    for tooLong in [TooLongFrame.fail, .discard] {
      for (keeps, final) in [(false, FinalFrame.error), (true, .deliver)] {
        let framer = DelimiterFramer(
          [[10]], keepsDelimiter: keeps, finalFrame: final, limit: limit, tooLongFrame: tooLong)
        verifyEveryStream(by: framer, alphabet: bytes("\na"), upTo: 6) { Self.reference($0, framer) }
      }
    }
  }

  static let leaving = [
    leaving("\r\n"), leaving("aab"), leaving("a", "aaab"), leaving("\r", "\n", "\r\n", final: .deliver),
    leaving("ab", "bab"), leaving("abab", "ba", final: .deliver),
    leaving("ba", "b", keeps: true, final: .deliver),
  ]

  @Test("gives the same messages and errors for random bytes and random cuts", arguments: leaving)
  func randomDiscarding(framer: DelimiterFramer) {
    verifyRandomStreams(by: framer, pieces: ["a", "b", "\r", "\n", "ab", "xxxx"].map(bytes), seed: 18)
    verifyEveryStream(by: framer, alphabet: bytes("ab\r\n"), upTo: 5)
    verifyRandomMessages(by: framer, alphabet: bytes("ab\r\n"), seed: 19)
  }

  static let framers = [
    crlf, framer("\n"), framer("aab"), framer("a", "aaab"), framer("\r", "\n", "\r\n", limit: 2),
    framer("ab", "bab", limit: 3), framer("abab", "ba", final: .deliver, limit: 4),
    framer("ba", "b", keeps: true, final: .deliver, limit: 3),
  ]

  @Test("gives the same result for random bytes and random cuts", arguments: framers)
  func randomBytes(framer: DelimiterFramer) {
    verifyRandomStreams(by: framer, alphabet: bytes("ab\r\n"), seed: 1)
    verifyRandomMessages(by: framer, alphabet: bytes("ab\r\n"), seed: 2)
  }
}
