import Framing
import Testing

@Suite("The end of a stream, and what may follow a framing")
struct FrameDecoderEndTests {
  static let halfLeftOut: [(first: AnyFramer, before: [UInt8], rest: [UInt8])] = [
    (AnyFramer(LineFramer(limit: 3, tooLongFrame: .discard)), bytes("too long, "), bytes("be it so\n")),
    (
      AnyFramer(DelimiterFramer("\r\n", limit: 3, tooLongFrame: .discard)), bytes("too long\r"),
      bytes("\rx\r\n")
    ),
    (
      AnyFramer(LengthPrefixedFramer(width: 1, limit: 3, tooLongFrame: .discard)), [9, 1, 2],
      [1, 7, 1, 7, 1, 7, 0]
    ),
  ]

  @Test("lets a frame that is being left out end before another framing begins", arguments: halfLeftOut)
  func changeWhileLeavingOut(first: AnyFramer, before: [UInt8], rest: [UInt8]) throws {
    for cut in 0...rest.count {
      var decoder = FrameDecoder(first)
      decoder.append(before)
      #expect(throws: FramingError.self) { try decoder.next() }
      #expect(decoder.failure == nil)
      var changed = decoder.changing(to: LineFramer()).changing(to: LengthPrefixedFramer(width: 1))
      changed.append(rest[..<cut])
      if cut < rest.count {
        let nothing = try changed.next()
        #expect(nothing == nil)
      }
      changed.append(rest[cut...] + [2, 104, 105, 1])
      let message = try changed.next()
      #expect(message == bytes("hi"), "cut at \(cut)")
      let offset = UInt64(before.count + rest.count + 3)
      #expect(throws: FramingError(.truncated(received: 1, expected: 2), at: offset)) { try changed.finish() }
    }
  }

  @Test("lets the stream end in a frame that is being left out, under another framing, too")
  func endWhileLeavingOut() throws {
    var decoder = FrameDecoder(LineFramer(limit: 3, tooLongFrame: .discard))
    decoder.append(bytes("too long"))
    #expect(throws: FramingError.self) { try decoder.next() }
    var changed = decoder.changing(to: LengthPrefixedFramer())
    changed.append(bytes(", still"))
    try changed.finish()
    let nothing = try changed.next()
    #expect(nothing == nil)
  }

  @Test("takes a framer that recovers without dropping a byte as failed")
  func noProgress() {
    struct Stuck: Framer {
      func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan { throw .malformed("always") }
      func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? { 0 }
      func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {}
    }
    var decoder = FrameDecoder(Stuck())
    decoder.append([1])
    #expect(throws: FramingError(.malformed("always"), at: 0)) { try decoder.next() }
    #expect(decoder.failure != nil)
  }

  static let framer = LengthPrefixedFramer(width: 1, limit: 2)

  @Test("is clean before any byte and between two frames")
  func clean() throws {
    var decoder = FrameDecoder(Self.framer)
    try decoder.finish()
    let none = try decoder.next()
    #expect(none == nil)

    var other = FrameDecoder(Self.framer)
    other.append([0])
    _ = try other.next()
    try other.finish()
    try other.finish()
    let nothing = try other.next()
    #expect(nothing == nil)
  }

  @Test("inside a frame is an error, the same at every call")
  func truncated() throws {
    var decoder = FrameDecoder(Self.framer)
    decoder.append([0, 2, 7])
    _ = try decoder.next()
    let error = FramingError(.truncated(received: 2, expected: 3), at: 1)
    #expect(throws: error) { try decoder.finish() }
    #expect(throws: error) { try decoder.finish() }
    #expect(throws: error) { try decoder.next() }
  }

  @Test("leaves messages that were not taken, and the error behind them")
  func untaken() throws {
    var decoder = FrameDecoder(Self.framer)
    decoder.append([1, 7, 1, 8, 2])
    try decoder.finish()
    try decoder.finish()
    let messages = [try decoder.next(), try decoder.next()]
    #expect(messages == [[7], [8]])
    #expect(throws: FramingError(.truncated(received: 1, expected: 3), at: 4)) { try decoder.next() }
  }

  @Test("completes the messages that only the end completes")
  func completed() throws {
    var held = FrameDecoder(DelimiterFramer([[97], bytes("aaab")], finalFrame: .deliver))
    held.append(bytes("aax"))
    held.append(bytes("aa"))
    var messages: [[UInt8]] = []
    while let message = try held.next() { messages.append(message) }
    #expect(messages == [[], []])
    try held.finish()
    while let message = try held.next() { messages.append(message) }
    #expect(messages == [[], [], bytes("x"), []])
  }

  @Test("carries unread bytes and their offset over to another framing")
  func changing() throws {
    var text = FrameDecoder(DelimiterFramer("\n"))
    text.append(bytes("go\n") + [2, 7])
    let line = try text.next()
    var binary = text.changing(to: Self.framer)
    let (offset, unread) = (binary.offset, binary.unreadCount)
    let early = try binary.next()
    binary.append([8, 3])
    let message = try binary.next()
    #expect(line == bytes("go"))
    #expect(offset == 3)
    #expect(unread == 2)
    #expect(early == nil)
    #expect(message == [7, 8])
    #expect(throws: FramingError(.tooLong(length: 3, limit: 2), at: 6)) { try binary.next() }
  }

  @Test("carries the end over to another framing")
  func changingAtTheEnd() throws {
    var text = FrameDecoder(DelimiterFramer("\n"))
    text.append(bytes("go\nrest"))
    try text.finish()
    _ = try text.next()
    var rest = text.changing(to: CloseTerminatedFramer())
    let message = try rest.next()
    #expect(message == bytes("rest"))
  }

  @Test("carries an error over to another framing: a failed stream stays failed")
  func changingAfterAnError() throws {
    var failed = FrameDecoder(Self.framer)
    failed.append([3])
    let error = FramingError(.tooLong(length: 3, limit: 2), at: 0)
    #expect(throws: error) { try failed.next() }
    var other = failed.changing(to: DelimiterFramer("\n"))
    other.append(bytes("line\n"))
    #expect(throws: error) { try other.next() }
  }

  @Test("lends its memory while no byte waits, and only then")
  func exchanging() throws {
    var spare = FrameBuffer(capacity: 4096)
    var decoder = FrameDecoder(Self.framer)
    decoder.exchangeBuffer(with: &spare)
    let lent = spare.capacity
    decoder.append([2, 7])
    _ = try decoder.next()
    decoder.exchangeBuffer(with: &spare)
    let whileWaiting = spare.capacity
    decoder.append([8])
    let message = try decoder.next()
    decoder.exchangeBuffer(with: &spare)
    let returned = spare.capacity
    #expect(lent == 0)
    #expect(whileWaiting == 0)
    #expect(message == [7, 8])
    #expect(returned == 4096)
  }

  @Test("keeps its memory when the other buffer is not empty")
  func exchangingWithBytes() throws {
    var spare = FrameBuffer()
    spare.append([1, 9])
    var decoder = FrameDecoder(Self.framer)
    decoder.exchangeBuffer(with: &spare)
    let (left, unread) = (spare.count, decoder.unreadCount)
    #expect(left == 2)
    #expect(unread == 0)
  }

  @Test("does the same for a framer whose type is chosen at run time")
  func anyFramer() throws {
    var decoder = FrameDecoder(AnyFramer(AnyFramer(DelimiterFramer("\r\n", finalFrame: .deliver))))
    for byte in bytes("a\r\nb\r") { decoder.append(CollectionOfOne(byte)) }
    let first = try decoder.next()
    try decoder.finish()
    let last = try decoder.next()
    let flags = (AnyFramer(CloseTerminatedFramer()).endsWithStream, AnyFramer(Self.framer).endsWithStream)
    #expect(first == bytes("a"))
    #expect(last == bytes("b\r"))
    #expect(flags == (true, false))
  }
}
