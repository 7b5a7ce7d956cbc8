import Framing
import Testing

/// What users of other framing libraries reported, and what happens here instead; each line names the thread.
@Suite("What went wrong elsewhere")
struct PeerReportTests {
  static func framer(_ spec: String) -> AnyFramer {
    do { return try FramerSpec(spec).framer } catch { fatalError("\(error)") }
  }

  private static func stream(
    _ behaviour: String, _ spec: String, _ wire: [UInt8], _ messages: [String], _ fault: FrameFault? = nil,
    at offset: UInt64 = 0
  ) -> StreamCase<AnyFramer> {
    StreamCase(
      behaviour, framer(spec), wire, messages.map(bytes), fault.map { FramingError($0, at: offset) })
  }

  private static func stream(
    _ behaviour: String, _ spec: String, _ wire: String, _ messages: [String], _ fault: FrameFault? = nil,
    at offset: UInt64 = 0
  ) -> StreamCase<AnyFramer> {
    stream(behaviour, spec, bytes(wire), messages, fault, at: offset)
  }

  private static let allOnes = [UInt8](repeating: 0xFF, count: 8)

  static let lengths = [
    // tokio-rs/tokio#4815, #8469, hyperium/h2#624
    stream(
      "a positive adjustment counts towards the limit", "length-prefixed:width=1,adjust=4,max=8", [5], [],
      .tooLong(length: 9, limit: 8)),
    stream(
      "a negative adjustment is taken off before the limit is judged",
      "length-prefixed:width=1,adjust=-4,max=2", [6, 104, 105], ["hi"]),
    // apple/swift-nio-extras#115, CVE-2022-0618, RUSTSEC-2026-0007
    stream(
      "eight bytes of ones are too long and do not crash", "length-prefixed:width=8", allOnes, [],
      .tooLong(length: .max, limit: 16 << 20)),
    stream(
      "ones and an adjustment do not wrap", "length-prefixed:width=8,adjust=9223372036854775807", allOnes, [],
      .tooLong(length: .max, limit: 16 << 20)),
    stream(
      "ones within the largest limit do not wrap with the header",
      "length-prefixed:width=8,max=9223372036854775807", [0x7F] + allOnes.dropFirst(), [],
      .tooLong(length: UInt64(Int64.max), limit: .max)),
    // CVE-2022-0618, GHSA-w3f6-pc54-gfw7
    stream(
      "a length below zero is malformed", "length-prefixed:adjust=-5", [0, 0, 0, 4], [],
      .malformed("the length field is too small to count what it has to count", value: 4)),
    stream(
      "a varint without end is malformed at its tenth byte", "varint-prefixed",
      [UInt8](repeating: 0x80, count: 10), [],
      .malformed("the length goes on behind the last byte that it can have", value: 0x80)),
    stream(
      "a varint above 64 bits is malformed", "varint-prefixed", [UInt8](repeating: 0xFF, count: 9) + [2], [],
      .malformed("the length has more than 64 bits", value: 2)),
    stream(
      "a varint of 64 ones is too long", "varint-prefixed", [UInt8](repeating: 0xFF, count: 9) + [1], [],
      .tooLong(length: .max, limit: 16 << 20)),
    // apple/swift-nio-extras#163
    stream(
      "a length may count itself", "netty-inclusive", [0, 0, 0, 6, 104, 105, 0, 0, 0, 4], ["hi", ""]),
    // tokio-rs/tokio#8348, #6604, #6904
    stream(
      "a frame shorter than what is stripped is malformed with its header, not an endless empty frame",
      "length-prefixed:width=1,strip=3", [1], [],
      .malformed("the frame is shorter than the bytes to strip from it", value: 2)),
    stream(
      "a length of zero with nothing stripped is the header, once", "length-prefixed:width=2,strip=0",
      [0, 0],
      ["\0\0"]),
  ]

  static let chunking = [
    // netty/netty#17549, #17550
    stream(
      "a length cut after its third byte is not an empty frame", "length-prefixed",
      [0, 0, 1, 0] + [UInt8](repeating: 97, count: 256), [String(repeating: "a", count: 256)]),
    // vectordotdev/vector#26167
    stream(
      "a varint is not lost between two reads", "varint-prefixed",
      [0x80, 1] + [UInt8](repeating: 97, count: 128), [String(repeating: "a", count: 128)]),
    // apple/swift-nio-extras#51
    stream("CR and LF may come in two reads", "lines", "a\r\nb\r\n", ["a", "b"]),
    // twisted/twisted#6556, and Netty's line and delimiter decoders
    stream("a line of the limit may get its end later", "lines:max=3", "abc\r\nabc\n", ["abc", "abc"]),
    stream(
      "a message of the limit may get its delimiter later", "delimiter:bytes=\\r\\n,max=3", "abc\r\n", ["abc"]
    ),
    // python/cpython#81322, #76576
    stream(
      "of several delimiters the longest at the earliest place wins", "delimiter:bytes=\\r\\n|\\n|\\r",
      "a\r\nb\rc\n", ["a", "b", "c"]),
    // cbiffle/corncobs#1, esp-cpp/espp#780, charlesnicholson/nanocobs#58
    stream(
      "254 bytes are one piece of COBS", "cobs", [0xFF] + [UInt8](repeating: 97, count: 254) + [0],
      [String(repeating: "a", count: 254)]),
    stream(
      "255 bytes are two", "cobs", [0xFF] + [UInt8](repeating: 97, count: 254) + [2, 97, 0],
      [String(repeating: "a", count: 255)]),
    // rhjdjong/SlipLib#45, jmaygarden/slip-codec#3, bakercp/PacketSerial#7
    stream(
      "an END in front is received, and is no message", "slip", [0xC0, 104, 105, 0xC0, 0xC0, 7, 0xC0],
      ["hi", "\u{7}"]),
  ]

  static let ends = [
    // netty/netty#17419, and tokio-util's and NIOExtras' decoders
    stream(
      "a header and the close is truncated: of a length", "length-prefixed", [0, 0, 0, 2], [],
      .truncated(received: 4, expected: 6)),
    stream(
      "a header and the close is truncated: of a varint", "varint-prefixed", [2], [],
      .truncated(received: 1, expected: 3)),
    stream(
      "a header and the close is truncated: of a netstring", "netstring", "2:", [],
      .truncated(received: 2, expected: 5)),
    stream(
      "a header and the close is truncated: of RFC 6587", "octet-counted", "2 ", [],
      .truncated(received: 2, expected: 4)),
    stream(
      "a header and the close is truncated: of Content-Length", "content-length", "Content-Length: 2\r\n\r\n",
      [],
      .truncated(received: 21, expected: 23)),
    stream(
      "a header and the close is truncated: of COBS", "cobs", [3], [], .truncated(received: 1, expected: 4)),
    // apple/swift-nio-extras#39, #229
    stream(
      "whole messages are delivered before the error", "length-prefixed:width=1", [1, 97, 1, 98, 9, 99],
      ["a", "b"],
      .truncated(received: 2, expected: 10), at: 4),
    // tokio-rs/tokio-io#96, boostorg/asio#220, matthunz/futures-codec#35, apple/swift-nio#3011
    stream("the last line may have no end, and comes once", "lines", "a\nb", ["a", "b"]),
    stream(
      "or is an error, if told so", "lines:final=error", "a\nb", ["a"], .truncated(received: 1, expected: 2),
      at: 2),
    stream("a CR at the close is a byte that the peer sent", "lines", "a\r", ["a\r"]),
    stream("half a delimiter at the close is, too", "delimiter:bytes=\\r\\n,final=deliver", "a\r", ["a\r"]),
  ]

  private static func lsp(_ header: String, _ rest: String = "hi") -> String { header + "\r\n\r\n" + rest }

  static let headers = [
    // rust-lang/rust-analyzer#15197, modelcontextprotocol/go-sdk#789, palantir/python-jsonrpc-server#9
    stream("a name in any case", "content-length", lsp("CONTENT-length: 2"), ["hi"]),
    stream(
      "no blank behind the colon, or several", "content-length",
      lsp("Content-Length:2") + lsp("Content-Length: \t2 "), ["hi", "hi"]),
    stream(
      "fields in any order", "content-length", lsp("Content-Type: a; b=c\r\nContent-Length: 2\r\nX:"), ["hi"]),
    // CVE-2020-10108, erlang/otp#10833
    stream(
      "a second length, be it the same", "content-length", lsp("Content-Length: 2\r\nContent-Length: 2"), [],
      .malformed("a second Content-Length", value: 2)),
    // CVE-2022-24801
    stream(
      "a sign", "content-length", lsp("Content-Length: +2"), [],
      .malformed("Content-Length is not a decimal number", value: 43)),
    stream(
      "a wide blank", "content-length", lsp("Content-Length:\u{A0}2"), [],
      .malformed("Content-Length is not a decimal number", value: 0xC2)),
    stream(
      "a blank before the colon", "content-length", lsp("Content-Length : 2"), [],
      .malformed("a header line is not a name and a colon", value: 32)),
    stream(
      "a folded line", "content-length", lsp("Content-Length:\r\n 2"), [],
      .malformed("Content-Length has no value")),
    // CVE-2026-28980, microsoft/WinAppVSCE#214
    stream(
      "a header that never ends", "content-length:header-max=30", "X: " + String(repeating: "y", count: 27),
      [],
      .tooLong(length: nil, limit: 30)),
    stream(
      "a length over the limit", "content-length:max=9", lsp("Content-Length: 10"), [],
      .tooLong(length: 10, limit: 9)),
    stream(
      "a length of thirty digits", "content-length",
      lsp("Content-Length: " + String(repeating: "9", count: 30)), [],
      .tooLong(length: .max, limit: 16 << 20)),
    // CVE-2025-58056, CVE-2025-22871, CVE-2023-51764
    stream(
      "a line feed alone in a header", "content-length", lsp("X: a\nContent-Length: 2"), [],
      .malformed("a line feed or a zero byte in a header", value: 10)),
    stream(
      "a line feed alone in strict lines", "lines:strict=true", "a\nb\r\n", [],
      .malformed("a line feed without a carriage return before it", value: 10)),
    stream(
      "a carriage return alone in strict lines", "lines:strict=true", "a\r\nb\rc\r\n", ["a"],
      .malformed("a carriage return without a line feed behind it", value: 13), at: 3),
  ]

  @Test(
    "lengths are judged as numbers without a sign, exactly, and before anything waits", arguments: lengths)
  func length(stream: StreamCase<AnyFramer>) { verify(stream) }

  @Test("the cuts decide nothing", arguments: chunking)
  func chunks(stream: StreamCase<AnyFramer>) { verify(stream) }

  @Test("the end is told from a cut", arguments: ends)
  func end(stream: StreamCase<AnyFramer>) { verify(stream) }

  @Test("headers are strict and bounded", arguments: headers)
  func header(stream: StreamCase<AnyFramer>) { verify(stream) }

  private func verify(_ stream: StreamCase<AnyFramer>) {
    for cuts in cuttings(of: stream.wire.count) {
      #expect(decode(stream.wire, cutAt: cuts, by: stream.framer) == stream.outcome, "cut at \(cuts)")
    }
  }

  // tokio-rs/tokio#5080, #8275, CVE-2025-59419
  static let refusals = [
    RefusalCase(
      "a length that does not fit its field", framer("length-prefixed:width=2"),
      [UInt8](repeating: 0, count: 65_536),
      .unencodable("the length does not fit the length field", value: 65_536)),
    RefusalCase(
      "a line with a line end inside", framer("lines"), bytes("MAIL\r\nQUIT"),
      .unencodable("the line holds a line feed", value: 10)),
    RefusalCase(
      "a message with its delimiter inside", framer("delimiter:bytes=\\r\\n"), bytes("MAIL\r\nQUIT"),
      .unencodable("the message holds a delimiter, or its end could be read as another one")),
  ]

  @Test("nothing is sent that would be read as something else", arguments: refusals)
  func refusal(message: RefusalCase<AnyFramer>) { message.verify() }

  // netty/netty#16633, johnhenry/wsh#6, http4s/http4s-grpc#270, tokio-rs/tokio#632, twisted/twisted#7500, CVE-2022-21716
  @Test("every framing has a finite limit unless told otherwise, and lines of JSON fit it")
  func limits() throws {
    for framer in FramerCatalog.framers where framer.specName != "fixed-length" {
      let limit = FramerCatalog.options(of: framer).first { $0.key == "max" }?.default.flatMap { Int($0) }
      #expect((1 << 20...16 << 20) ~= (try #require(limit)), "\(framer.specName)")
    }
  }

  // tokio-rs/tokio#333, Telcoin-Association/telcoin-network#728, CVE-2021-36155, CVE-2023-34462
  @Test("memory grows with what came, not with what was announced")
  func announced() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(limit: .max))
    decoder.append([0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3])
    #expect(try decoder.next() == nil)
    var memory = FrameBuffer()
    decoder.exchangeBuffer(with: &memory, carrying: .max)
    #expect(memory.capacity <= 64)
  }

  // CVE-2021-36154
  @Test("any number of frames in one read takes no stack and no further memory")
  func manyFrames() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 1))
    let chunk = [UInt8](repeating: 0, count: 1 << 20)
    var count = 0
    for _ in 0..<10 {
      decoder.append(chunk)
      try decoder.forEachMessage { _ in count += 1 }
      #expect(decoder.unreadCount == 0)
    }
    #expect(count == 10 << 20)
  }

  // tokio-rs/tokio#590, golang/go#26466
  @Test("100 MB without a delimiter fail at once, or are dropped as they come")
  func endlessLine() throws {
    let chunk = [UInt8](repeating: 97, count: 1 << 20)
    var failing = FrameDecoder(LineFramer(limit: 1000))
    failing.append(chunk)
    let error = FramingError(.tooLong(length: nil, limit: 1000), at: 0)
    #expect(throws: error) { try failing.next() }
    #expect(failing.unreadCount == 0)

    var discarding = FrameDecoder(LineFramer(limit: 1000, tooLongFrame: .discard))
    discarding.append(chunk)
    #expect(throws: error) { try discarding.next() }
    for _ in 1..<100 {
      discarding.append(chunk)
      #expect(try discarding.next() == nil)
      #expect(discarding.unreadCount == 0)
    }
    discarding.append("\nhi\n".utf8)
    #expect(try discarding.next() == bytes("hi"))
  }

  // tokio-rs/tokio#3976, #4166, golang/go#9568
  @Test("a failed decoder stays failed, with the same error")
  func sticky() {
    var decoder = FrameDecoder(NetstringFramer())
    decoder.append("x".utf8)
    let error = FramingError(.malformed("the length is not a decimal number", value: 120), at: 0)
    for _ in 0..<3 {
      #expect(throws: error) { try decoder.next() }
      decoder.append("2:hi,".utf8)
    }
    #expect(decoder.failure == error)
  }

  // netty/netty#10417, apple/swift-nio#3743
  @Test("nothing is decoded before it is asked for")
  func pull() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 1, limit: 5))
    decoder.append([1, 97, 1, 98, 255])
    #expect(try decoder.next() == [97])
    #expect(decoder.offset == 2)
    #expect(decoder.failure == nil)
  }

  // chriskohlhoff/asio#1016
  @Test("a framer of one's own is always shown a frame from its first byte")
  func shownFromTheFront() throws {
    struct Pairs: Framer {
      func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
        guard bytes[0] == 1 else { throw .malformed("not the first byte") }
        return bytes.count < 2 ? .needs(count: 1) : .frame(payload: 0..<2, wireLength: 2)
      }
      func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {}
    }
    var decoder = FrameDecoder(Pairs())
    for byte: UInt8 in [1, 2, 1, 2, 1, 2] { decoder.append([byte]) }
    for _ in 0..<3 { #expect(try decoder.next() == [1, 2]) }
  }

  // tokio-rs/tokio#4978, #2331, netty/netty#14559, grpc/grpc-swift#1247
  @Test("an error says what, where and how much")
  func numbers() {
    #expect(
      decode([0, 0, 0, 9, 1], by: LengthPrefixedFramer()).error?.description
        == "frame at byte 0 was cut off: the stream ended after 5 of at least 13 bytes")
    #expect(
      decode([0, 1, 0, 0], by: LengthPrefixedFramer(limit: 10)).error?.description
        == "frame at byte 0 carries 65536 bytes; the limit is 10")
  }

  // tokio-rs/tokio#7169, #6082
  @Test("lines are bytes, in both directions, and need not be text")
  func notText() throws {
    let wire = try encode([[0xFF, 0x00, 0xC3]], by: LineFramer())
    #expect(wire == [0xFF, 0x00, 0xC3, 0x0A])
    #expect(decode(wire, by: LineFramer()) == Outcome(messages: [[0xFF, 0x00, 0xC3]]))
  }

  // CVE-2024-12254, python/cpython#116279
  @Test("who sends can see how much waits to be sent")
  func pending() throws {
    var encoder = FrameEncoder(LengthPrefixedFramer())
    for _ in 0..<3 { try encoder.append([1, 2]) }
    #expect(encoder.count == 18)
  }

  // erlang/otp#7265
  @Test("a length may have any width and either order", arguments: 1...8, [Endianness.big, .little])
  func widths(width: Int, endianness: Endianness) throws {
    let framer = LengthPrefixedFramer(width: width, endianness: endianness)
    let wire = try encode([bytes("hi")], by: framer)
    #expect(wire.count == width + 2)
    #expect(wire[endianness == .big ? width - 1 : 0] == 2)
    #expect(decode(wire, by: framer) == Outcome(messages: [bytes("hi")]))
    let ones = decode(
      [UInt8](repeating: 0xFF, count: width),
      by: LengthPrefixedFramer(width: width, endianness: endianness, limit: 9))
    #expect(ones.error?.fault == .tooLong(length: .max >> UInt64(64 - 8 * width), limit: 9))
  }

  // netty/netty#1287, #1288, #1798, #7775, tokio-rs/tokio#1483, #3555, twisted/twisted#3277, #3353, golang/go#26431
  static let discards: [(spec: String, wire: [UInt8], events: [String])] = [
    ("lines:max=2,on-too-long=discard", bytes("a\nlong\nb\nlonger\r\nc"), ["a", "!2", "b", "!9", "c"]),
    ("lines:strict=true,max=2,on-too-long=discard", bytes("a\r\nlon\n\rg\r\nb\r\n"), ["a", "!3", "b"]),
    (
      "delimiter:bytes=\\r\\n|\\r,max=2,on-too-long=discard", bytes("abc\r\nab\r\nabcd\rx\r\n"),
      ["!0", "ab", "!9", "x"]
    ),
    (
      "length-prefixed:width=1,max=2,on-too-long=discard", [1, 97, 3, 1, 1, 1, 0, 255, 9],
      ["a", "!2", "", "!7"]
    ),
    ("length-prefixed:width=2,max=2,on-too-long=discard", [0, 3, 0, 0], ["!0"]),
  ]

  @Test(
    "one error for each over-long frame, then the frames behind it, wherever it is cut", arguments: discards)
  func discard(spec: String, wire: [UInt8], events: [String]) {
    for cuts in cuttings(of: wire.count) {
      var decoder = FrameDecoder(Self.framer(spec))
      var came: [String] = []
      func drain() {
        while true {
          do throws(FramingError) {
            guard let message = try decoder.next() else { return }
            came.append(String(decoding: message, as: UTF8.self))
          } catch {
            #expect(error.fault.kind == .tooLong && decoder.failure == nil)
            came.append("!\(error.offset)")
          }
        }
      }
      for (start, end) in zip([0] + cuts, cuts + [wire.count]) {
        decoder.append(wire[start..<end])
        drain()
      }
      #expect(throws: Never.self) { try decoder.finish() }
      drain()
      #expect(came == events, "cut at \(cuts)")
    }
  }
}
