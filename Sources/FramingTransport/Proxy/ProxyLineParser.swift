import Framing

/// Reads version 1: one line of text, at most 107 bytes with CR LF.
///
///     "PROXY TCP4 " source " " destination " " source port " " destination port CR LF
///     "PROXY TCP6 " the same with IPv6 addresses
///     "PROXY UNKNOWN" anything CR LF
///
/// `PROXY TCP4 192.168.0.1 192.168.0.11 56324 443` CR LF. Addresses and numbers are judged byte by byte: exactly one
/// space between them and no leading zero, so that nobody takes a number for an octal one. IPv6 addresses may end as
/// `::ffff:192.0.2.1` does, which HAProxy and nginx write. Behind `UNKNOWN`, all is skipped up to CR LF, but a CR or LF
/// alone is refused.
///
/// Source: "The PROXY protocol", section 2.1.
struct ProxyLineParser {
  /// The first byte of the line.
  static let start = UInt8(ascii: "P")
  /// The longest line, with CR LF.
  static let limit = 107

  private static let space = UInt8(ascii: " ")
  private static let cr: UInt8 = 0x0D
  private static let lf: UInt8 = 0x0A

  /// How many bytes were read.
  private(set) var position = 0

  mutating func parse(_ bytes: Span<UInt8>) throws(ProxyStop) -> ProxyHeader {
    try expect("PROXY ", in: bytes)
    let byte = try next(bytes)
    switch byte {
    case UInt8(ascii: "U"):
      try expect("NKNOWN", in: bytes)
      try skipLine(bytes)
      return ProxyHeader()
    case UInt8(ascii: "T"):
      try expect("CP", in: bytes)
      return switch try next(bytes) {
      case UInt8(ascii: "4"): try ipv4Line(bytes)
      case UInt8(ascii: "6"): try ipv6Line(bytes)
      case let digit: throw wrong("the protocol is none of TCP4, TCP6 and UNKNOWN", digit)
      }
    default: throw wrong("the protocol is none of TCP4, TCP6 and UNKNOWN", byte)
    }
  }

  private mutating func ipv4Line(_ bytes: Span<UInt8>) throws(ProxyStop) -> ProxyHeader {
    try expect(" ", in: bytes)
    let source = try ipv4(bytes)
    let destination = try ipv4(bytes)
    let (from, to) = try ports(bytes)
    return ProxyHeader(from: .ipv4(source, port: from), to: .ipv4(destination, port: to))
  }

  private mutating func ipv6Line(_ bytes: Span<UInt8>) throws(ProxyStop) -> ProxyHeader {
    try expect(" ", in: bytes)
    let source = try ipv6(bytes)
    let destination = try ipv6(bytes)
    let (from, to) = try ports(bytes)
    return ProxyHeader(from: .ipv6(source, port: from), to: .ipv6(destination, port: to))
  }

  private mutating func ports(_ bytes: Span<UInt8>) throws(ProxyStop) -> (UInt16, UInt16) {
    let from = try decimal(bytes, upTo: 65_535, endedBy: Self.space)
    let to = try decimal(bytes, upTo: 65_535, endedBy: Self.cr)
    guard try next(bytes) == Self.lf else { throw wrong("a CR without LF", bytes[position - 1]) }
    return (UInt16(from), UInt16(to))
  }

  // MARK: Bytes

  /// Reads one byte, which the line has room for.
  private mutating func next(_ bytes: Span<UInt8>) throws(ProxyStop) -> UInt8 {
    guard position < bytes.count else { throw .needsMore }
    let byte = bytes[position]
    if position >= Self.limit - 2 {
      // Only the end of the line has room here.
      let ends = byte == Self.lf && bytes[position - 1] == Self.cr
      guard ends || (byte == Self.cr && position == Self.limit - 2) else {
        throw .fault(.tooLong(length: nil, limit: Self.limit))
      }
    }
    position += 1
    return byte
  }

  /// The fault that the byte just read is.
  private func wrong(_ reason: FrameFault.Reason, _ byte: UInt8) -> ProxyStop {
    .fault(.malformed(reason, at: position - 1, value: UInt64(byte)))
  }

  private mutating func expect(_ text: StaticString, in bytes: Span<UInt8>) throws(ProxyStop) {
    for index in 0..<text.utf8CodeUnitCount {
      let byte = try next(bytes)
      guard byte == text.utf8Start[index] else {
        throw wrong("the line does not go on as one of PROXY does", byte)
      }
    }
  }

  private mutating func skipLine(_ bytes: Span<UInt8>) throws(ProxyStop) {
    while true {
      let byte = try next(bytes)
      if byte == Self.lf { throw wrong("an LF without CR", byte) }
      if byte == Self.cr {
        let end = try next(bytes)
        guard end == Self.lf else { throw wrong("a CR without LF", end) }
        return
      }
    }
  }

  // MARK: Numbers and addresses

  /// Reads decimal digits and the byte `end` behind them.
  private mutating func decimal(
    _ bytes: Span<UInt8>, upTo most: Int, endedBy end: UInt8
  ) throws(ProxyStop) -> Int {
    var value = 0
    var digits = 0
    while true {
      let byte = try next(bytes)
      if byte == end && digits > 0 { return value }
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else {
        throw wrong("no decimal digit, nor what ends the number", byte)
      }
      guard digits == 0 || value > 0 else { throw wrong("a digit behind a leading zero", byte) }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
      guard value <= most else { throw wrong("the digit makes the number too large", byte) }
      digits += 1
    }
  }

  /// Reads an IPv4 address and the space behind it.
  private mutating func ipv4(_ bytes: Span<UInt8>) throws(ProxyStop) -> UInt32 {
    var address: UInt32 = 0
    for index in 0..<4 {
      let end = index < 3 ? UInt8(ascii: ".") : Self.space
      address = address << 8 | UInt32(try decimal(bytes, upTo: 255, endedBy: end))
    }
    return address
  }

  /// Reads an IPv6 address (RFC 4291, 2.2) and the space behind it.
  private mutating func ipv6(_ bytes: Span<UInt8>) throws(ProxyStop) -> UInt128 {
    var text = IPv6Text()
    while true {
      let byte = try next(bytes)
      switch byte {
      case Self.space:
        guard let address = text.end() else { throw wrong("the IPv6 address is not complete", byte) }
        return address
      case UInt8(ascii: "."):
        guard let first = text.beginIPv4() else { throw wrong("no IPv4 address can stand here", byte) }
        var tail = UInt32(first)
        for index in 1..<4 {
          let end = index < 3 ? UInt8(ascii: ".") : Self.space
          tail = tail << 8 | UInt32(try decimal(bytes, upTo: 255, endedBy: end))
        }
        return text.end(ipv4: tail)
      default:
        guard text.append(byte) else { throw wrong("the IPv6 address cannot go on like this", byte) }
      }
    }
  }
}
