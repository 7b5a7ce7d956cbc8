import Framing
import Testing

@Suite("Line framing")
struct LineFramerTests {
  static func framer(
    strict: Bool = false, _ final: FinalFrame = .deliver, limit: Int = 3, _ tooLong: TooLongFrame = .fail
  ) -> LineFramer {
    LineFramer(isStrict: strict, finalFrame: final, limit: limit, tooLongFrame: tooLong)
  }

  static func stream(
    _ behaviour: String, _ framer: LineFramer, _ wire: String, _ messages: [String],
    _ error: FramingError? = nil
  ) -> StreamCase<LineFramer> {
    StreamCase(behaviour, framer, bytes(wire), messages.map(bytes), error)
  }

  static func tooLong(at offset: UInt64 = 0) -> FramingError {
    FramingError(.tooLong(length: nil, limit: 3), at: offset)
  }

  static func truncated(_ received: Int, at offset: UInt64 = 0) -> FramingError {
    FramingError(.truncated(received: received, expected: received + 1), at: offset)
  }

  static func loneCR(at offset: UInt64 = 0) -> FramingError {
    FramingError(.malformed("a carriage return without a line feed behind it", value: 13), at: offset)
  }

  static func loneLF(at offset: UInt64 = 0) -> FramingError {
    FramingError(.malformed("a line feed without a carriage return before it", value: 10), at: offset)
  }

  static let sent = [
    stream("nothing sent, nothing framed", framer(), "", []),
    stream("lines", framer(), "hi\n\na\n", ["hi", "", "a"]),
    stream("a CR inside", framer(), "a\rb\n", ["a\rb"]),
    stream("exactly the limit", framer(), "abc\n", ["abc"]),
    stream("the largest limit", framer(limit: .max), "abcd\n", ["abcd"]),
    stream(
      "longer than a search block", framer(limit: 99), "0123456789abcdef0\nx\n", ["0123456789abcdef0", "x"]),
    stream("strict lines", framer(strict: true), "hi\r\n\r\nabc\r\n", ["hi", "", "abc"]),
  ]

  static let lenient = [
    stream("CR LF", framer(), "hi\r\n\r\na\n", ["hi", "", "a"]),
    stream("only the CR before the LF is stripped", framer(), "a\r\r\n", ["a\r"]),
    stream("a line of the limit with CR LF", framer(), "abc\r\nabc\r\n", ["abc", "abc"]),
    stream("an unterminated last line", framer(), "a\nb", ["a", "b"]),
    stream("no empty last line", framer(), "a\n", ["a"]),
    stream("a CR at the close", framer(), "a\r", ["a\r"]),
    stream("only a CR", framer(), "\r", ["\r"]),
    stream("an unterminated line of the limit", framer(), "abc", ["abc"]),
    stream("above the limit", framer(), "a\nabcd\n", ["a"], tooLong(at: 2)),
    stream("above the limit with CR LF", framer(), "abcd\r\n", [], tooLong()),
    stream("the limit and a CR that is payload", framer(), "abc\rx\n", [], tooLong()),
    stream("the limit and two CRs", framer(), "abc\r\r\n", [], tooLong()),
    stream("the limit and a CR at the close", framer(), "abc\r", [], tooLong()),
    stream(
      "a limit of zero", framer(limit: 0), "\n\r\na", ["", ""],
      FramingError(.tooLong(length: nil, limit: 0), at: 3)),
    stream("truncated", framer(.error), "a\nb", ["a"], truncated(1, at: 2)),
    stream("truncated at the limit", framer(.error), "abc\r", [], truncated(4)),
    stream("clean", framer(.error), "a\n", ["a"]),
  ]

  static let strict = [
    stream("a lone LF", framer(strict: true), "a\r\nb\nc\r\n", ["a"], loneLF(at: 3)),
    stream("a lone LF in front", framer(strict: true), "\n", [], loneLF()),
    stream("a lone CR", framer(strict: true), "a\rb\r\n", [], loneCR()),
    stream("two CRs", framer(strict: true), "a\r\r\n", [], loneCR()),
    stream("an LF behind CR LF", framer(strict: true), "a\r\n\n", ["a"], loneLF(at: 3)),
    stream("a lone CR at the limit", framer(strict: true), "abc\rx", [], loneCR()),
    stream("a lone LF at the limit", framer(strict: true), "abc\n", [], loneLF()),
    stream("too long before a lone CR", framer(strict: true), "abcd\rx", [], tooLong()),
    stream("too long before a lone LF", framer(strict: true), "abcd\n", [], tooLong()),
    stream("an unterminated last line", framer(strict: true), "a\r\nb", ["a", "b"]),
    stream("a lone CR at the close", framer(strict: true), "a\r", [], loneCR()),
    stream("truncated", framer(strict: true, .error), "a\r\nb", ["a"], truncated(1, at: 3)),
    stream("truncated behind the CR", framer(strict: true, .error), "abc\r", [], truncated(4)),
  ]

  @Test("gives the same result however the stream is cut", arguments: sent + lenient + strict)
  func cutting(stream: StreamCase<LineFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      let outcome = decode(stream.wire, cutAt: cuts, by: stream.framer)
      #expect(outcome == stream.outcome, "cut at \(cuts)")
    }
  }

  @Test("sends a line with its end", arguments: sent)
  func encoding(stream: StreamCase<LineFramer>) throws {
    let wire = try encode(stream.messages, by: stream.framer)
    #expect(wire == stream.wire)
  }

  static let refusals: [RefusalCase<LineFramer>] = [
    .init("above the limit", framer(), bytes("abcd"), .tooLong(length: 4, limit: 3)),
    .init("an LF", framer(), bytes("a\nb"), .unencodable("the line holds a line feed", value: 10)),
    .init(
      "a CR at the end", framer(), bytes("a\r"),
      .unencodable("the line ends with a carriage return, which its end would take", value: 13)),
    .init(
      "a CR if strict", framer(strict: true), bytes("a\rb"),
      .unencodable("the line holds a carriage return", value: 13)),
    .init(
      "an LF if strict", framer(strict: true), bytes("\r\n"),
      .unencodable("the line holds a line feed", value: 10)),
  ]

  @Test("refuses what it would misread and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<LineFramer>) { refusal.verify() }

  @Test("is the same framer wherever it is in its stream", arguments: ["a", "abc", "a\r", "\r"])
  func equality(part: String) throws {
    try verifyEquality(of: Self.framer(), havingScanned: bytes(part))
    try verifyEquality(of: Self.framer(strict: true), havingScanned: bytes(part))
  }

  // MARK: Leaving over-long lines out

  static let left: [EventCase<LineFramer>] = [
    .init(
      "between two lines", framer(limit: 3, .discard), bytes("a\nabcdefg\nb\n"),
      [.message(bytes("a")), .error(tooLong(at: 2)), .message(bytes("b"))]),
    .init(
      "with CR LF", framer(limit: 3, .discard), bytes("abcd\r\nb\r\n"),
      [.error(tooLong()), .message(bytes("b"))]),
    .init(
      "two in a row", framer(limit: 3, .discard), bytes("abcd\nefgh\n"),
      [.error(tooLong()), .error(tooLong(at: 5))]),
    .init("up to the close", framer(limit: 3, .discard), bytes("abcdefg"), [.error(tooLong())]),
    .init("up to the close, behind a CR", framer(limit: 3, .discard), bytes("abcd\r"), [.error(tooLong())]),
    .init("known at the close", framer(limit: 3, .discard), bytes("abc\r"), [.error(tooLong())]),
    .init(
      "unless a tail is an error", framer(.error, limit: 3, .discard), bytes("abcdefg"), [.error(tooLong())]),
    .init(
      "strict: up to CR LF only", framer(strict: true, limit: 3, .discard), bytes("abcd\nef\rg\r\nb\r\n"),
      [.error(tooLong()), .message(bytes("b"))]),
    .init(
      "strict: what is malformed is final", framer(strict: true, limit: 3, .discard),
      bytes("abcd\r\nb\nc\r\n"),
      [.error(tooLong()), .error(loneLF(at: 6))]),
  ]

  @Test("leaves an over-long line out if told so, with one error", arguments: left)
  func discarding(stream: EventCase<LineFramer>) { stream.verify() }

  /// Line by line, with the whole stream in sight.
  static func reference(_ wire: [UInt8], _ framer: LineFramer) -> [StreamEvent] {
    var events: [StreamEvent] = []
    var start = 0
    func error(_ fault: FrameFault) -> StreamEvent { .error(FramingError(fault, at: UInt64(start))) }
    while start < wire.count {
      let rest = wire[start...]
      /// The first line end, and whether it is whole.
      var end = rest.count
      var next = wire.count
      var fault: FrameFault?
      if framer.isStrict {
        if let place = rest.firstIndex(where: { $0 == 13 || $0 == 10 }) {
          end = place - start
          if wire[place] == 10 {
            fault = loneLF().fault
          } else if place + 1 == wire.count {
            fault = framer.finalFrame == .deliver ? loneCR().fault : nil
          } else if wire[place + 1] == 10 {
            next = place + 2
          } else {
            fault = loneCR().fault
          }
        }
      } else if let feed = rest.firstIndex(of: 10) {
        end = feed - start - (feed > start && wire[feed - 1] == 13 ? 1 : 0)
        next = feed + 1
      } else if framer.finalFrame == .error && rest.last == 13 {
        end -= 1
      }
      if end > framer.limit {
        events.append(error(.tooLong(length: nil, limit: framer.limit)))
        if framer.tooLongFrame == .fail { return events }
        let feed = wire.indices.first { index in
          index >= start + end && wire[index] == 10 && (!framer.isStrict || wire[index - 1] == 13)
        }
        guard let feed else { return events }
        start = feed + 1
        continue
      }
      if let fault { return events + [error(fault)] }
      let isTerminated = next < wire.count || wire.last == 10
      guard isTerminated || framer.finalFrame == .deliver else {
        return events + [error(.truncated(received: rest.count, expected: rest.count + 1))]
      }
      events.append(.message(Array(rest.prefix(end))))
      start = next
    }
    return events
  }

  static let framers = [true, false].flatMap { isStrict in
    [FinalFrame.deliver, .error].flatMap { final in
      [TooLongFrame.fail, .discard].flatMap { tooLong in
        [0, 1, 3, .max].map { framer(strict: isStrict, final, limit: $0, tooLong) }
      }
    }
  }

  @Test("agrees with a slow reference on every short stream, cut in every way", arguments: framers)
  func everyStream(framer: LineFramer) {
    verifyEveryStream(by: framer, alphabet: bytes("\r\na"), upTo: 5) { Self.reference($0, framer) }
  }

  @Test("agrees with a slow reference on random streams, cut at random", arguments: framers)
  func randomBytes(framer: LineFramer) {
    verifyRandomStreams(
      by: framer, pieces: ["\r", "\n", "\r\n", "ab", "c", "0123456789abcdef", "\nx"].map(bytes), seed: 16
    ) { Self.reference($0, framer) }
    verifyRandomMessages(by: framer, alphabet: bytes("\r\na"), seed: 17)
  }
}
