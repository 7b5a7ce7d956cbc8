import FramingTransport
import Testing

@Suite("A PROXY header")
struct ProxyHeaderTests {
  static let vectors = SpecifiedHeaders.vectors + RecordedFromHAProxy.vectors

  /// What reading answered, to be compared.
  enum Answer: Hashable {
    case header(ProxyHeader, length: Int)
    case needsMore
    case error(ProxyError)

    init(_ bytes: some Collection<UInt8>, limit: Int = ProxyHeader.defaultLimit) {
      do throws(ProxyError) {
        let bytes = Array(bytes)
        guard let (header, length) = try ProxyHeader.parse(bytes.span, limit: limit) else {
          self = .needsMore
          return
        }
        self = .header(header, length: length)
      } catch {
        self = .error(error)
      }
    }
  }

  /// The first answer other than "needs more" to growing bytes, having checked that it stays the same from then on.
  private func answer(toEveryCutOf bytes: [UInt8]) -> Answer {
    var first = Answer.needsMore
    for count in 0...bytes.count {
      let answer = Answer(bytes[..<count])
      if first == .needsMore { first = answer }
      #expect(answer == first, "\(count) of \(bytes)")
    }
    return first
  }

  @Test("is read as it was meant", arguments: vectors)
  func reads(vector: ProxyVector) {
    #expect(Answer(vector.wire) == .header(vector.header, length: vector.wire.count))
  }

  @Test("is read when its last byte is there, and not what stands behind it", arguments: vectors)
  func cuts(vector: ProxyVector) {
    for count in 0..<vector.wire.count { #expect(Answer(vector.wire[..<count]) == .needsMore, "\(count)") }
    for tail in [[0], [0x0D, 0x0A], vector.wire, ascii("PING")] {
      #expect(Answer(vector.wire + tail) == .header(vector.header, length: vector.wire.count))
    }
  }

  @Test("with a damaged byte is a header or an error, however it is cut", arguments: vectors)
  func mutations(vector: ProxyVector) {
    for index in vector.wire.indices {
      let byte = vector.wire[index]
      for damaged in (0..<8).map({ byte ^ 1 << $0 }) + [0, 0xFF, 0x0A, 0x0D, 0x20, 0x30, 0x3A] {
        var wire = vector.wire
        wire[index] = damaged
        _ = Answer(wire)
        if index % 8 == 0 { _ = answer(toEveryCutOf: wire) }
      }
    }
  }

  @Test("never takes more than its limit, and random bytes never trap")
  func randomBytes() {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(state: seed)
    let starts: [[UInt8]] = [
      [], ascii("PROXY "), ascii("PROXY TCP4 "), ascii("PROXY TCP6 "), ascii("PROXY UNKNOWN"),
      ProxyVector.signature, ProxyVector.signature + [0x21, 0x11, 0], ProxyVector.signature + [0x21, 0, 0],
      ProxyVector.signature + [0x21, 0x31, 1], ProxyVector.signature + [0x20],
    ]
    let letters = ascii("0123456789abcdef:. \r\n")
    for round in 0..<400 {
      let start = starts[round % starts.count]
      let isText = start.starts(with: ascii("PROXY"))
      let tail = (0..<Int.random(in: 0...200, using: &random)).map { _ in
        isText && Int.random(in: 0..<20, using: &random) > 0
          ? letters[Int.random(in: 0..<letters.count, using: &random)]
          : Int.random(in: 0..<3, using: &random) == 0 ? 0 : UInt8.random(in: 0...255, using: &random)
      }
      let answer = answer(toEveryCutOf: start + tail)
      if isText {
        #expect(start.count + tail.count < 107 || answer != .needsMore, "seed \(seed), round \(round)")
      }
    }
  }

  @Test("takes the IPv6 addresses that the system's C library takes, and no others")
  func ipv6Texts() {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(state: seed)
    let pieces = [":", ":", ":", "::", "0", "1", "ff", "12", "255", "Abcd", "1:2:3:4:", "1.2.3.4", ".", "00"]
    var taken = 0
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 1...10, using: &random)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }.joined()
      let expected = SocketAddress("[\(text)]:1")
      guard case .header(let header, _) = Answer(ascii("PROXY TCP6 \(text) :: 1 2\r\n")) else {
        #expect(expected == nil || text.utf8.count > 80, "\(text), seed \(seed)")
        continue
      }
      taken += 1
      #expect(header.source == expected, "\(text), seed \(seed)")
    }
    #expect(taken > 100, "seed \(seed)")
  }

  // MARK: Errors

  struct Row: CustomTestStringConvertible, Sendable {
    let wire: [UInt8]
    let error: ProxyError
    /// How many bytes the error needs; `nil` for those up to its offset.
    var needed: Int?
    var testDescription: String { "\(error)" }
  }

  private static func line(_ text: String, _ error: ProxyError) -> Row {
    Row(wire: ascii(text), error: error)
  }
  private static func block(_ text: String, _ error: ProxyError, needed: Int? = nil) -> Row {
    Row(wire: ProxyVector.signature + hex(text), error: error, needed: needed)
  }

  static let errors: [Row] = [
    line("GET / HTTP/1.1", .malformed("no PROXY header begins like this", at: 0, value: 0x47)),
    Row(wire: [0], error: .malformed("no PROXY header begins like this", at: 0, value: 0)),
    line("PRI * HTTP/2.0", .malformed("the line does not go on as one of PROXY does", at: 2, value: 0x49)),
    line("proxy", .malformed("no PROXY header begins like this", at: 0, value: 0x70)),
    line("PROXY  TCP4", .malformed("the protocol is none of TCP4, TCP6 and UNKNOWN", at: 6, value: 0x20)),
    line("PROXY UDP4", .malformed("the line does not go on as one of PROXY does", at: 7, value: 0x44)),
    line("PROXY TCP5", .malformed("the protocol is none of TCP4, TCP6 and UNKNOWN", at: 9, value: 0x35)),
    line("PROXY TCP4\r\n", .malformed("the line does not go on as one of PROXY does", at: 10, value: 0x0D)),
    line("PROXY TCP4  1", .malformed("no decimal digit, nor what ends the number", at: 11, value: 0x20)),
    line("PROXY TCP4 256", .malformed("the digit makes the number too large", at: 13, value: 0x36)),
    line("PROXY TCP4 1.02", .malformed("a digit behind a leading zero", at: 14, value: 0x32)),
    line("PROXY TCP4 1.2.3 ", .malformed("no decimal digit, nor what ends the number", at: 16, value: 0x20)),
    line(
      "PROXY TCP4 1.2.3.4.", .malformed("no decimal digit, nor what ends the number", at: 18, value: 0x2E)),
    line("PROXY TCP4 ::1", .malformed("no decimal digit, nor what ends the number", at: 11, value: 0x3A)),
    line(
      "PROXY TCP4 1.2.3.4 5.6.7.8 65536",
      .malformed("the digit makes the number too large", at: 31, value: 0x36)),
    line(
      "PROXY TCP4 1.2.3.4 5.6.7.8 -1",
      .malformed("no decimal digit, nor what ends the number", at: 27, value: 0x2D)),
    line("PROXY TCP4 1.2.3.4 5.6.7.8 1 00", .malformed("a digit behind a leading zero", at: 30, value: 0x30)),
    line(
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
      .malformed("no decimal digit, nor what ends the number", at: 30, value: 0x0A)),
    line(
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 ",
      .malformed("no decimal digit, nor what ends the number", at: 30, value: 0x20)),
    line("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx", .malformed("a CR without LF", at: 31, value: 0x78)),
    line("PROXY TCP6 1.2.3.4 ", .malformed("no IPv4 address can stand here", at: 12, value: 0x2E)),
    line("PROXY TCP6 :1", .malformed("the IPv6 address cannot go on like this", at: 12, value: 0x31)),
    line("PROXY TCP6 : ", .malformed("the IPv6 address is not complete", at: 12, value: 0x20)),
    line("PROXY TCP6  ", .malformed("the IPv6 address is not complete", at: 11, value: 0x20)),
    line("PROXY TCP6 :::", .malformed("the IPv6 address cannot go on like this", at: 13, value: 0x3A)),
    line("PROXY TCP6 1::2::", .malformed("the IPv6 address cannot go on like this", at: 16, value: 0x3A)),
    line("PROXY TCP6 12345", .malformed("the IPv6 address cannot go on like this", at: 15, value: 0x35)),
    line("PROXY TCP6 g", .malformed("the IPv6 address cannot go on like this", at: 11, value: 0x67)),
    line("PROXY TCP6 fe80::1%", .malformed("the IPv6 address cannot go on like this", at: 18, value: 0x25)),
    line("PROXY TCP6 [", .malformed("the IPv6 address cannot go on like this", at: 11, value: 0x5B)),
    line("PROXY TCP6 1:2:3:4:5:6:7 ", .malformed("the IPv6 address is not complete", at: 24, value: 0x20)),
    line("PROXY TCP6 1: ", .malformed("the IPv6 address is not complete", at: 13, value: 0x20)),
    line(
      "PROXY TCP6 1:2:3:4:5:6:7:8:",
      .malformed("the IPv6 address cannot go on like this", at: 26, value: 0x3A)),
    line(
      "PROXY TCP6 1:2:3:4:5:6:7::8",
      .malformed("the IPv6 address cannot go on like this", at: 26, value: 0x38)),
    line(
      "PROXY TCP6 ::1:2:3:4:5:6:7:",
      .malformed("the IPv6 address cannot go on like this", at: 26, value: 0x3A)),
    line("PROXY TCP6 ::256.", .malformed("no IPv4 address can stand here", at: 16, value: 0x2E)),
    line("PROXY TCP6 ::01.", .malformed("no IPv4 address can stand here", at: 15, value: 0x2E)),
    line("PROXY TCP6 ::1a.", .malformed("no IPv4 address can stand here", at: 15, value: 0x2E)),
    line("PROXY TCP6 1:2:3:4:5:1.", .malformed("no IPv4 address can stand here", at: 22, value: 0x2E)),
    line(
      "PROXY TCP6 ::1.2.3.4:", .malformed("no decimal digit, nor what ends the number", at: 20, value: 0x3A)),
    line("PROXY UNKNOWN\n", .malformed("an LF without CR", at: 13, value: 0x0A)),
    line("PROXY UNKNOWN \r\r\n", .malformed("a CR without LF", at: 15, value: 0x0D)),
    Row(
      wire: ascii("PROXY UNKNOWN" + String(repeating: " ", count: 93)),
      error: .tooLong(length: nil, limit: 107),
      needed: 106),
    Row(
      wire: ascii("PROXY UNKNOWN" + String(repeating: " ", count: 92) + "\rx"),
      error: .tooLong(length: nil, limit: 107), needed: 107),
    Row(
      wire: ascii(
        "PROXY TCP6 1111:2222:3333:4444:5555:6666:100.100.100.100 1111:2222:3333:4444:5555:6666:100.100.100.100 1 2"
      ),
      error: .tooLong(length: nil, limit: 107), needed: 106),

    block("11", .malformed("the version is not 2", at: 12, value: 1)),
    block("22", .malformed("the command is neither local nor proxy", at: 12, value: 2)),
    block("2141", .malformed("the family of addresses is unknown", at: 13, value: 4)),
    block("2113", .malformed("the transport is unknown", at: 13, value: 3)),
    block(
      "2111 000B", .malformed("the length leaves no room for the addresses", at: 14, value: 11), needed: 16),
    block(
      "2121 000C", .malformed("the length leaves no room for the addresses", at: 14, value: 12), needed: 16),
    block(
      "2131 00D7", .malformed("the length leaves no room for the addresses", at: 14, value: 215), needed: 16),
    block("2111 FFFF", .tooLong(length: 65551, limit: 4096), needed: 16),
    block("2000 0FF1", .tooLong(length: 4097, limit: 4096), needed: 16),
    block("2100 0002", .malformed("the rest is too short for a TLV", at: 16, value: 2), needed: 16),
    block(
      "2100 0006 EE0002", .malformed("the rest is too short for a TLV", at: 21, value: 1), needed: 19),
    block(
      "2100 0004 EE0002", .malformed("a TLV is longer than the rest of the header", at: 17, value: 2),
      needed: 19),
    block("2100 0006 030003", .malformed("a checksum is not 4 bytes long", at: 17, value: 3), needed: 19),
    block("2100 000E 030004 00000000 030004", .malformed("a second checksum", at: 23, value: 3), needed: 26),
    block(
      "2100 0084 050081", .malformed("a unique id is longer than 128 bytes", at: 17, value: 129), needed: 19),
    block(
      "2100 0007 030004 00000000", .wrongChecksum(carried: 0, computed: 0x3EC9_894E), needed: 23),
  ]

  @Test("is refused at the first byte that cannot be right, however it is cut", arguments: errors)
  func refuses(row: Row) {
    for tail in [[], [0], ascii("\r\n"), [UInt8](repeating: 0x31, count: 200)] {
      #expect(answer(toEveryCutOf: row.wire + tail) == .error(row.error))
    }
    var needed = row.needed ?? 0
    if case .malformed(_, let offset, _) = row.error, row.needed == nil { needed = offset + 1 }
    #expect(Answer(row.wire[..<(needed - 1)]) == .needsMore)
    #expect(Answer(row.wire[..<needed]) == .error(row.error))
  }

  @Test("is refused if a byte under its checksum is another")
  func checksums() {
    for vector in Self.vectors where vector.name.contains("crc32c") && vector.header != .local {
      for index in 16..<vector.wire.count {
        var wire = vector.wire
        wire[index] ^= 0x40
        guard case .error = Answer(wire) else {
          // The kind of the checksum itself: then there is none.
          #expect(wire[index] == 0x43, "\(vector.name), byte \(index)")
          continue
        }
      }
    }
  }

  @Test("has the limit that it is read with", arguments: [16, 28, 27, 15 + 65536])
  func limits(limit: Int) {
    let wire = ProxyVector.signature + hex("21 11 000C C0000201 C6336402 C350 01BB")
    let isShort = limit < 28
    #expect((Answer(wire, limit: limit) == .error(.tooLong(length: 28, limit: limit))) == isShort)
    let long = ProxyVector.signature + hex("20 00 FFFF") + [UInt8](repeating: 0, count: 65535)
    #expect((Answer(long, limit: limit) == .header(.local, length: 65551)) == (limit == 65551))
  }

  @Test("says in one sentence what is wrong, where and how much")
  func sentences() {
    #expect(
      ProxyError.malformed("the version is not 2", at: 12, value: 1).description
        == "PROXY header is malformed at its byte 12: the version is not 2 (1)")
    #expect(
      ProxyError.tooLong(length: 9000, limit: 4096).description
        == "PROXY header of 9000 bytes; the limit is 4096")
    #expect(
      ProxyError.tooLong(length: nil, limit: 107).description
        == "PROXY header of more than the limit of 107 bytes")
    #expect(
      ProxyError.wrongChecksum(carried: 0, computed: 0x1234_ABCD).description
        == "PROXY header carries the checksum 00000000, but has 1234abcd")
    #expect(
      ProxyError.truncated(received: 7).description
        == "PROXY header was cut off: the stream ended after 7 bytes of it")
    #expect(
      ProxyError.unencodable("version 1 has no TLVs", value: 2).description
        == "PROXY header cannot be sent: version 1 has no TLVs (2)")
  }

  // MARK: Meaning

  @Test("tells the protocol, the host and the identity that it carries")
  func accessors() throws {
    let header = try #require(Self.vectors.last?.header)
    #expect(header.alpn == ascii("h2"))
    #expect(header.authority == "example.com")
    #expect(header.uniqueID == ascii("{+X}127.0.0.1_48602_127.0.0.1_7010"))
    #expect(ProxyHeader.local.alpn == nil)
    #expect(ProxyHeader.local.authority == nil)
    #expect(ProxyHeader.local.uniqueID == nil)
    #expect(ProxyHeader(tlvs: [.init(.authority, [0xFF])]).authority == nil)
    #expect(ProxyHeader.local.command == .local)
    #expect(ProxyHeader().command == .proxy)
  }

  // MARK: Writing

  @Test(
    "is written as it was read", arguments: vectors.filter { $0.wire[0] == 0x0D && $0.header != .local })
  func writes(vector: ProxyVector) throws {
    let hasChecksum = vector.name.contains("crc32c")
    guard !vector.name.contains("zero in it") else { return }
    let wire = try vector.header.encode(version: .v2, checksum: hasChecksum)
    #expect(Answer(wire) == .header(vector.header, length: wire.count))
    // HAProxy writes TCP, and the checksum in front, as this does: then it is the same bytes.
    if vector.name.hasPrefix("send-proxy") { #expect(wire == vector.wire) }
    let checked = try vector.header.encode(version: .v2, checksum: true)
    #expect(Answer(checked) == .header(vector.header, length: checked.count))
  }

  @Test("is written as a line that is read the same", arguments: vectors.filter { $0.wire[0] == 0x50 })
  func writesLines(vector: ProxyVector) throws {
    let wire = try vector.header.encode(version: .v1)
    #expect(Answer(wire) == .header(vector.header, length: wire.count))
    if vector.name.hasPrefix("send-proxy") || vector.name.hasPrefix("the ") { #expect(wire == vector.wire) }
  }

  @Test("of Unix addresses, or of none, is a line that tells none")
  func writesUnknown() throws {
    let unix = ProxyHeader(from: .unix(path: "/a"), to: .unix(path: "/b"))
    for header in [unix, ProxyHeader(), .local] {
      #expect(try header.encode(version: .v1) == ascii("PROXY UNKNOWN\r\n"))
    }
    #expect(try ProxyHeader.local.encode(version: .v2) == ProxyVector.signature + [0x20, 0, 0, 0])
  }

  @Test("is written without the scope of its addresses", arguments: ProxyHeader.Version.allCases)
  func dropsScopes(version: ProxyHeader.Version) throws {
    let scoped = ProxyHeader(from: .ipv6(1, port: 1, scope: 7), to: .ipv6(2, port: 2, scope: 7))
    let wire = try scoped.encode(version: version)
    #expect(
      Answer(wire)
        == .header(ProxyHeader(from: .ipv6(1, port: 1), to: .ipv6(2, port: 2)), length: wire.count))
  }

  @Test("is refused if it cannot be carried")
  func unencodable() {
    func error(_ header: ProxyHeader, _ version: ProxyHeader.Version, checksum: Bool = false) -> ProxyError? {
      do throws(ProxyError) {
        _ = try header.encode(version: version, checksum: checksum)
        return nil
      } catch {
        return error
      }
    }
    func tlv(_ kind: ProxyHeader.TLV.Kind, _ count: Int) -> ProxyHeader {
      ProxyHeader(tlvs: [.init(kind, [UInt8](repeating: 0, count: count))])
    }
    func unix(_ path: String) -> ProxyHeader { ProxyHeader(from: .unix(path: path), to: .unix(path: "")) }
    let mixed = ProxyHeader(from: .loopback(port: 1), to: .ipv6(1, port: 1))
    for version in ProxyHeader.Version.allCases {
      #expect(error(mixed, version) == .unencodable("the addresses are of two families"))
    }
    #expect(error(tlv(.alpn, 1), .v1) == .unencodable("version 1 has no TLVs", value: 1))
    #expect(error(ProxyHeader(), .v1, checksum: true) == .unencodable("version 1 has no checksum"))
    #expect(
      error(unix(String(repeating: "p", count: 109)), .v2)
        == .unencodable("a path is longer than 108 bytes", value: 109))
    #expect(error(unix("a\0b"), .v2) == .unencodable("a path has a zero byte in it"))
    #expect(error(unix("@"), .v2) == .unencodable("an abstract name without a byte"))
    #expect(error(tlv(.crc32c, 4), .v2) == .unencodable("the checksum is not given but computed"))
    #expect(error(tlv(.noop, 0), .v2) == .unencodable("padding is no information"))
    #expect(
      error(tlv(.uniqueID, 129), .v2)
        == .unencodable("a unique id is longer than 128 bytes", value: 129))
    #expect(
      error(tlv(.alpn, 65536), .v2) == .unencodable("a TLV is longer than 65535 bytes", value: 65536))
    #expect(
      error(tlv(.alpn, 65533), .v2)
        == .unencodable("addresses and TLVs are longer than 65535 bytes", value: 65536))
    #expect(error(tlv(.alpn, 65532), .v2) == nil)
  }
}

/// A generator of random numbers that begins where it is told (Steele, Lea and Flood, "SplitMix", 2014).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
