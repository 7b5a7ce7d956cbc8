import Framing

/// Reads version 2: a block of bytes with a length.
///
///     | 0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | 2c | ft | N: 2 bytes, big-endian | block: N bytes |
///
///     c  command: 0 local, 1 proxy
///     f  family: 0 unspecified, 1 IPv4, 2 IPv6, 3 Unix; t transport: 0 unspecified, 1 stream, 2 datagram
///
///     block  | source | destination | source port | destination port | TLVs |
///            IPv4 4 + 4 + 2 + 2 bytes, IPv6 16 + 16 + 2 + 2, Unix 108 + 108 and no ports, unspecified none
///
/// `0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A 21 11 00 0C C0 00 02 01 C6 33 64 02 C3 50 01 BB` is TCP from 192.0.2.1:50000 to
/// 198.51.100.2:443. The whole is always 16 + N bytes. With the command local, family and block mean nothing and are
/// skipped. With an unspecified family or transport there are no addresses, and the TLVs of an unspecified family stand
/// right behind the length, where HAProxy writes them. Families and transports that have no meaning are refused, as
/// section 2.2 demands. Of a Unix address, the first zero ends a path; an abstract name, which begins with one, loses
/// the zeros at its end.
///
/// Source: "The PROXY protocol", section 2.2.
enum ProxyBlockParser {
  static let signature: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]
  /// The bytes up to the end of the length.
  static let fixedLength = 16
  /// The bytes of one Unix address.
  static let pathLength = 108
  /// The most bytes of a unique id (section 2.2.5).
  static let uniqueIDLimit = 128

  static func parse(
    _ bytes: Span<UInt8>, limit: Int
  ) throws(ProxyStop) -> (header: ProxyHeader, length: Int) {
    let command = try command(bytes)
    let family = try family(bytes, command)
    guard bytes.count >= fixedLength else { throw .needsMore }
    let length = fixedLength + bytes.integer(at: 14, count: 2, as: Int.self)
    guard length <= limit else { throw .fault(.tooLong(length: length, limit: limit)) }
    if command == .local {
      guard bytes.count >= length else { throw .needsMore }
      return (.local, length)
    }
    guard length - fixedLength >= family.addressLength else {
      throw fault("the length leaves no room for the addresses", at: 14, length - fixedLength)
    }
    let tlvs = try tlvs(bytes, from: fixedLength + family.addressLength, to: length)
    let (source, destination) = family.addresses(bytes)
    return (ProxyHeader(command: .proxy, source: source, destination: destination, tlvs: tlvs), length)
  }

  private static func fault(_ reason: FrameFault.Reason, at offset: Int, _ value: Int) -> ProxyStop {
    .fault(.malformed(reason, at: offset, value: UInt64(value)))
  }

  private static func command(_ bytes: Span<UInt8>) throws(ProxyStop) -> ProxyHeader.Command {
    for index in 0..<min(signature.count, bytes.count) where bytes[index] != signature[index] {
      throw fault("the signature does not go on like this", at: index, Int(bytes[index]))
    }
    guard bytes.count > 12 else { throw .needsMore }
    guard bytes[12] >> 4 == 2 else { throw fault("the version is not 2", at: 12, Int(bytes[12] >> 4)) }
    switch bytes[12] & 0xF {
    case 0: return .local
    case 1: return .proxy
    case let command: throw fault("the command is neither local nor proxy", at: 12, Int(command))
    }
  }

  // MARK: Addresses

  /// A family, and whether the addresses of it count.
  private struct Family {
    let number: UInt8
    let isSpecified: Bool

    var addressLength: Int { [0, 12, 36, 2 * pathLength][Int(number)] }

    func addresses(_ bytes: Span<UInt8>) -> (source: SocketAddress?, destination: SocketAddress?) {
      guard isSpecified else { return (nil, nil) }
      switch number {
      case 1:
        return (
          .ipv4(bytes.integer(at: 16, count: 4), port: bytes.integer(at: 24, count: 2)),
          .ipv4(bytes.integer(at: 20, count: 4), port: bytes.integer(at: 26, count: 2))
        )
      case 2:
        return (
          .ipv6(bytes.integer(at: 16, count: 16), port: bytes.integer(at: 48, count: 2)),
          .ipv6(bytes.integer(at: 32, count: 16), port: bytes.integer(at: 50, count: 2))
        )
      case 3:
        return (.unix(path: path(bytes, at: 16)), .unix(path: path(bytes, at: 16 + pathLength)))
      default: return (nil, nil)
      }
    }

    private func path(_ bytes: Span<UInt8>, at offset: Int) -> String {
      var path = bytes.array(offset..<offset + pathLength)
      if path[0] == 0 {
        while path.last == 0 { path.removeLast() }
        if !path.isEmpty { path[0] = UInt8(ascii: "@") }
      } else {
        path = Array(path.prefix { $0 != 0 })
      }
      return String(decoding: path, as: UTF8.self)
    }
  }

  private static func family(
    _ bytes: Span<UInt8>, _ command: ProxyHeader.Command
  ) throws(ProxyStop) -> Family {
    guard bytes.count > 13 else { throw .needsMore }
    // Means nothing: "the receiver must [...] discard the protocol block including the family which is ignored".
    if command == .local { return Family(number: 0, isSpecified: false) }
    let (family, transport) = (bytes[13] >> 4, bytes[13] & 0xF)
    guard family <= 3 else { throw fault("the family of addresses is unknown", at: 13, Int(family)) }
    guard transport <= 2 else { throw fault("the transport is unknown", at: 13, Int(transport)) }
    return Family(number: family, isSpecified: family > 0 && transport > 0)
  }

  // MARK: TLVs

  /// Judges the TLVs as they come; when all are there, verifies the checksum and answers them.
  private static func tlvs(
    _ bytes: Span<UInt8>, from start: Int, to end: Int
  ) throws(ProxyStop) -> [ProxyHeader.TLV] {
    let isWhole = bytes.count >= end
    var tlvs: [ProxyHeader.TLV] = []
    var checksum: Int?
    var position = start
    while position < end {
      guard position + 3 <= end else {
        throw fault("the rest is too short for a TLV", at: position, end - position)
      }
      guard position + 3 <= bytes.count else { throw .needsMore }
      let kind = ProxyHeader.TLV.Kind(rawValue: bytes[position])
      let value = position + 3
      let count = bytes.integer(at: position + 1, count: 2, as: Int.self)
      guard value + count <= end else {
        throw fault("a TLV is longer than the rest of the header", at: position + 1, count)
      }
      switch kind {
      case .crc32c:
        guard count == 4 else { throw fault("a checksum is not 4 bytes long", at: position + 1, count) }
        guard checksum == nil else { throw fault("a second checksum", at: position, Int(kind.rawValue)) }
        checksum = value
      case .uniqueID where count > uniqueIDLimit:
        throw fault("a unique id is longer than 128 bytes", at: position + 1, count)
      case .noop: break
      default: if isWhole { tlvs.append(.init(kind, bytes.array(value..<value + count))) }
      }
      position = value + count
    }
    guard isWhole else { throw .needsMore }
    if let checksum { try verify(bytes, to: end, checksum: checksum) }
    return tlvs
  }

  /// Compares the checksum with that of the header in which it is zero.
  private static func verify(_ bytes: Span<UInt8>, to end: Int, checksum: Int) throws(ProxyStop) {
    let carried: UInt32 = bytes.integer(at: checksum, count: 4)
    var computed = CRC32C()
    for index in 0..<end { computed.append((checksum..<checksum + 4).contains(index) ? 0 : bytes[index]) }
    guard computed.value == carried else {
      throw .fault(.wrongChecksum(carried: carried, computed: computed.value))
    }
  }
}

extension Span<UInt8> {
  /// The number in `count` bytes from `offset`, most significant first.
  fileprivate func integer<Number: FixedWidthInteger>(
    at offset: Int, count: Int, as: Number.Type = Number.self
  ) -> Number {
    var number: Number = 0
    for index in offset..<offset + count { number = number << 8 | Number(self[index]) }
    return number
  }

  fileprivate func array(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    for index in range { bytes.append(self[index]) }
    return bytes
  }
}
