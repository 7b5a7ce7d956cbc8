import FramingTransport
import Testing

/// A header on the wire and what it means.
struct ProxyVector: CustomTestStringConvertible, Sendable {
  let name: String
  let wire: [UInt8]
  let header: ProxyHeader
  var testDescription: String { name }

  init(_ name: String, _ wire: [UInt8], _ header: ProxyHeader) {
    self.name = name
    self.wire = wire
    self.header = header
  }

  static let signature = hex("0D0A0D0A 000D0A51 5549540A")
}

/// What HAProxy 2.6.12 of Debian 12 wrote on connections to its servers, byte for byte.
///
/// Recorded with `mode tcp`, the options of `server` that each name says, and `unique-id-format {+X}%ci_%cp_%fi_%fp`,
/// of which HAProxy keeps the braces. `check` is a health check. For a client on a Unix socket it writes local.
enum RecordedFromHAProxy {
  static let vectors: [ProxyVector] = [
    ProxyVector(
      "send-proxy, IPv4", ascii("PROXY TCP4 127.0.0.1 127.0.0.1 57184 7001\r\n"),
      ProxyHeader(from: .loopback(port: 57184), to: .loopback(port: 7001))),
    ProxyVector(
      "send-proxy, IPv6", ascii("PROXY TCP6 ::1 ::1 51658 7002\r\n"),
      ProxyHeader(from: .ipv6(1, port: 51658), to: .ipv6(1, port: 7002))),
    ProxyVector(
      "send-proxy, IPv4 on an IPv6 socket",
      ascii("PROXY TCP6 ::ffff:127.0.0.1 ::ffff:127.0.0.1 57082 7004\r\n"),
      ProxyHeader(
        from: .ipv6(0xFFFF_7F00_0001, port: 57082), to: .ipv6(0xFFFF_7F00_0001, port: 7004))),
    ProxyVector("send-proxy, Unix", ascii("PROXY UNKNOWN\r\n"), ProxyHeader()),
    ProxyVector(
      "send-proxy, check", ascii("PROXY TCP4 127.0.0.1 127.0.0.1 51950 9013\r\n"),
      ProxyHeader(from: .loopback(port: 51950), to: .loopback(port: 9013))),
    ProxyVector(
      "send-proxy-v2, IPv4",
      hex("0d0a0d0a000d0a515549540a 21 11 000c 7f000001 7f000001 d188 1b5d"),
      ProxyHeader(from: .loopback(port: 0xd188), to: .loopback(port: 7005))),
    ProxyVector(
      "send-proxy-v2, IPv6",
      hex(
        """
        0d0a0d0a000d0a515549540a 21 21 0024 00000000000000000000000000000001
        00000000000000000000000000000001 810a 1b5e
        """),
      ProxyHeader(from: .ipv6(1, port: 0x810a), to: .ipv6(1, port: 7006))),
    ProxyVector("send-proxy-v2, Unix", hex("0d0a0d0a000d0a515549540a 20 00 0000"), .local),
    ProxyVector("send-proxy-v2, check", hex("0d0a0d0a000d0a515549540a 20 00 0000"), .local),
    ProxyVector(
      "send-proxy-v2, check, crc32c", hex("0d0a0d0a000d0a515549540a 20 00 0007 03 0004 a9b87e8f"), .local),
    ProxyVector(
      "send-proxy-v2, Unix, crc32c and unique-id",
      hex(
        """
        0d0a0d0a000d0a515549540a 20 00 001b 03 0004 269e0bf5
        05 0011 7b2b587d756e69785f315f756e69785f31
        """), .local),
    ProxyVector(
      "send-proxy-v2, IPv4, crc32c and unique-id",
      hex(
        """
        0d0a0d0a000d0a515549540a 21 11 0038 7f000001 7f000001 bc4c 1b60 03 0004 c4012832
        05 0022 7b2b587d3132372e302e302e315f34383230345f3132372e302e302e315f37303038
        """),
      ProxyHeader(
        from: .loopback(port: 48204), to: .loopback(port: 7008),
        tlvs: [.init(.uniqueID, ascii("{+X}127.0.0.1_48204_127.0.0.1_7008"))])),
    ProxyVector(
      "send-proxy-v2, IPv6, TLS, authority and crc32c",
      hex(
        """
        0d0a0d0a000d0a515549540a 21 21 0039 00000000000000000000000000000001
        00000000000000000000000000000001 9e34 1b63 03 0004 b510d70b 02 000b 6578616d706c652e636f6d
        """),
      ProxyHeader(
        from: .ipv6(1, port: 0x9e34), to: .ipv6(1, port: 7011),
        tlvs: [.init(.authority, ascii("example.com"))])),
    ProxyVector(
      "send-proxy-v2-ssl-cn, IPv4, TLS with ALPN, all options with crc32c",
      hex(
        """
        0d0a0d0a000d0a515549540a 21 11 008d 7f000001 7f000001 bdda 1b62
        03 0004 f47ef696 01 0002 6832 02 000b 6578616d706c652e636f6d
        05 0022 7b2b587d3132372e302e302e315f34383630325f3132372e302e302e315f37303130
        20 003f 01 00000000 21 0007 544c5376312e33 25 0007 52534132303438
        24 000a 5253412d534841323536 23 0016 544c535f4145535f3235365f47434d5f534841333834
        """),
      ProxyHeader(
        from: .loopback(port: 48602), to: .loopback(port: 7010),
        tlvs: [
          .init(.alpn, ascii("h2")), .init(.authority, ascii("example.com")),
          .init(.uniqueID, ascii("{+X}127.0.0.1_48602_127.0.0.1_7010")),
          .init(
            .ssl,
            hex("01 00000000 21 0007") + ascii("TLSv1.3") + hex("25 0007") + ascii("RSA2048")
              + hex("24 000a") + ascii("RSA-SHA256") + hex("23 0016") + ascii("TLS_AES_256_GCM_SHA384")),
        ])),
  ]
}

/// Headers from the text of the specification, and others that it allows.
enum SpecifiedHeaders {
  static let vectors: [ProxyVector] = lines + blocks

  private static let lines: [ProxyVector] = [
    ProxyVector(
      "the example of section 2.1", ascii("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"),
      ProxyHeader(from: .ipv4(0xC0A8_0001, port: 56324), to: .ipv4(0xC0A8_000B, port: 443))),
    ProxyVector(
      "the longest IPv4 line", ascii("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
      ProxyHeader(from: .ipv4(.max, port: .max), to: .ipv4(.max, port: .max))),
    ProxyVector(
      "the shortest IPv4 line", ascii("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"),
      ProxyHeader(from: .any(port: 0), to: .any(port: 0))),
    ProxyVector(
      "the longest IPv6 line",
      ascii(
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
      ),
      ProxyHeader(from: .ipv6(.max, port: .max), to: .ipv6(.max, port: .max))),
    ProxyVector(
      "IPv6 in both cases of letters", ascii("PROXY TCP6 2001:DB8::Ff fe80:0:0:0:0:0:0:1 1 2\r\n"),
      ProxyHeader(from: .ipv6(0x2001_0db8 << 96 | 0xFF, port: 1), to: .ipv6(0xfe80 << 112 | 1, port: 2))),
    ProxyVector(
      "IPv6 of zeros", ascii("PROXY TCP6 :: 1:: 0 0\r\n"),
      ProxyHeader(from: .ipv6(0, port: 0), to: .ipv6(1 << 112, port: 0))),
    ProxyVector("unknown, the short form", ascii("PROXY UNKNOWN\r\n"), ProxyHeader()),
    ProxyVector(
      "unknown, the worst case of 107 bytes",
      ascii(
        "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
      ), ProxyHeader()),
    ProxyVector(
      "unknown, whatever stands behind it", ascii("PROXY UNKNOWN \u{0} \u{7F} ä\r\n"), ProxyHeader()),
  ]

  private static func block(_ text: String) -> [UInt8] { ProxyVector.signature + hex(text) }
  private static let from = SocketAddress.ipv4(0xC000_0201, port: 50000)
  private static let to = SocketAddress.ipv4(0xC633_6402, port: 443)

  private static func path(_ text: String) -> [UInt8] {
    ascii(text) + [UInt8](repeating: 0, count: 108 - text.utf8.count)
  }

  private static let blocks: [ProxyVector] = [
    ProxyVector(
      "TCP over IPv4", block("21 11 000C C0000201 C6336402 C350 01BB"), ProxyHeader(from: from, to: to)),
    ProxyVector(
      "UDP over IPv4", block("21 12 000C C0000201 C6336402 C350 01BB"), ProxyHeader(from: from, to: to)),
    ProxyVector(
      "TCP over IPv6",
      block("21 21 0024 20010DB8000000000000000000000001 20010DB8000000000000000000000002 C350 01BB"),
      ProxyHeader(
        from: .ipv6(0x2001_0db8 << 96 | 1, port: 50000), to: .ipv6(0x2001_0db8 << 96 | 2, port: 443))),
    ProxyVector(
      "a path and an abstract name", block("21 31 00D8") + path("/run/client.sock") + path("\0server"),
      ProxyHeader(from: .unix(path: "/run/client.sock"), to: .unix(path: "@server"))),
    ProxyVector(
      "an unnamed client and a path of 108 bytes",
      block("21 32 00D8") + path("") + ascii(String(repeating: "p", count: 108)),
      ProxyHeader(from: .unix(path: ""), to: .unix(path: String(repeating: "p", count: 108)))),
    ProxyVector(
      "an abstract name of 108 bytes with a zero in it",
      block("21 31 00D8") + path("/a\0b") + ascii("\0a\0" + String(repeating: "n", count: 105)),
      ProxyHeader(from: .unix(path: "/a"), to: .unix(path: "@a\0" + String(repeating: "n", count: 105)))),
    ProxyVector("proxy, all unspecified", block("21 00 0000"), ProxyHeader()),
    ProxyVector(
      "proxy, all unspecified, with a TLV", block("21 00 0005 EA 0002 6869"),
      ProxyHeader(tlvs: [.init(.init(rawValue: 0xEA), ascii("hi"))])),
    ProxyVector("an unspecified family of streams", block("21 01 0000"), ProxyHeader()),
    ProxyVector(
      "IPv4 of an unspecified transport", block("21 10 000C C0000201 C6336402 C350 01BB"), ProxyHeader()),
    ProxyVector("local", block("20 00 0000"), .local),
    ProxyVector("local with addresses", block("20 11 000C C0000201 C6336402 C350 01BB"), .local),
    ProxyVector("local with what is no TLV", block("20 00 0003 FF FFFF"), .local),
    ProxyVector("local with a family that is none", block("20 F7 0001 00"), .local),
    ProxyVector(
      "paddings, TLVs of no bytes, two of a kind, and a kind without a name",
      block(
        "21 11 0023 C0000201 C6336402 C350 01BB 04 0000 02 0001 61 02 0001 62 EE 0000 04 0003 FFFFFF 05 0000"),
      ProxyHeader(
        from: from, to: to,
        tlvs: [
          .init(.authority, ascii("a")), .init(.authority, ascii("b")),
          .init(.init(rawValue: 0xEE), []), .init(.uniqueID, []),
        ])),
    ProxyVector(
      "a unique id of 128 bytes",
      block("21 11 008F C0000201 C6336402 C350 01BB 05 0080") + [UInt8](repeating: 7, count: 128),
      ProxyHeader(from: from, to: to, tlvs: [.init(.uniqueID, [UInt8](repeating: 7, count: 128))])),
  ]
}
