import Framing

extension ProxyHeader {
  /// The header as it stands on the wire, to be sent before anything else.
  ///
  /// Version 1 knows TCP only: a header of Unix addresses, without addresses or with the command local is
  /// `PROXY UNKNOWN`. Version 2 says stream of every address. The scope of an IPv6 address is not carried.
  ///
  /// - Parameters:
  ///   - version: The form of the header: 1 is a line of text, 2 a block of bytes.
  ///   - checksum: Whether to put a CRC-32C in front of the TLVs; version 2 only, and not with the command local.
  /// - Throws: ``ProxyError/unencodable(_:value:)`` for addresses of two families, a path of more than 108 bytes or with a
  ///   zero byte in it, an abstract name of no bytes, TLVs or a checksum in version 1, and TLVs that ``parse(_:limit:)`` would refuse or drop.
  public func encode(version: Version, checksum: Bool = false) throws(ProxyError) -> [UInt8] {
    switch version {
    case .v1:
      guard tlvs.isEmpty else { throw .unencodable("version 1 has no TLVs", value: UInt64(tlvs.count)) }
      guard !checksum else { throw .unencodable("version 1 has no checksum") }
      return try line()
    case .v2: return try block(checksum: checksum)
    }
  }

  private func line() throws(ProxyError) -> [UInt8] {
    let text: String
    switch (source, destination) {
    case (.ipv4(_, let from), .ipv4(_, let to)): text = "TCP4 \(try hosts()) \(from) \(to)"
    case (.ipv6(_, let from, _), .ipv6(_, let to, _)): text = "TCP6 \(try hosts()) \(from) \(to)"
    case (nil, nil), (.unix, .unix): text = "UNKNOWN"
    default: throw Self.twoFamilies
    }
    return Array("PROXY \(text)\r\n".utf8)
  }

  private func hosts() throws(ProxyError) -> String {
    "\(source?.withoutScope.host ?? "") \(destination?.withoutScope.host ?? "")"
  }

  private func block(checksum: Bool) throws(ProxyError) -> [UInt8] {
    guard command == .proxy else {
      return ProxyBlockParser.signature + [0x20, 0, 0, 0]
    }
    var block: [UInt8] = []
    let family: UInt8
    switch (source, destination) {
    case (nil, nil): family = 0x00
    case (.ipv4(let source, let from), .ipv4(let destination, let to)):
      family = 0x11
      block += source.bytes + destination.bytes + from.bytes + to.bytes
    case (.ipv6(let source, let from, _), .ipv6(let destination, let to, _)):
      family = 0x21
      block += source.bytes + destination.bytes + from.bytes + to.bytes
    case (.unix(let source), .unix(let destination)):
      family = 0x31
      block += try Self.pathBytes(source) + Self.pathBytes(destination)
    default: throw Self.twoFamilies
    }
    let checksumOffset = ProxyBlockParser.fixedLength + block.count + 3
    if checksum { block += [TLV.Kind.crc32c.rawValue, 0, 4, 0, 0, 0, 0] }
    for tlv in tlvs { block += try Self.bytes(of: tlv) }
    guard let length = UInt16(exactly: block.count) else {
      throw .unencodable("addresses and TLVs are longer than 65535 bytes", value: UInt64(block.count))
    }
    var bytes = ProxyBlockParser.signature + [0x21, family] + length.bytes + block
    if checksum {
      var computed = CRC32C()
      for byte in bytes { computed.append(byte) }
      bytes.replaceSubrange(checksumOffset..<checksumOffset + 4, with: computed.value.bytes)
    }
    return bytes
  }

  private static let twoFamilies = ProxyError.unencodable("the addresses are of two families")

  private static func pathBytes(_ path: String) throws(ProxyError) -> [UInt8] {
    var bytes = Array(path.utf8)
    guard bytes.count <= ProxyBlockParser.pathLength else {
      throw .unencodable("a path is longer than 108 bytes", value: UInt64(bytes.count))
    }
    guard !bytes.contains(0) else { throw .unencodable("a path has a zero byte in it") }
    // It would be read as no name.
    guard path != "@" else { throw .unencodable("an abstract name without a byte") }
    if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
    return bytes + [UInt8](repeating: 0, count: ProxyBlockParser.pathLength - bytes.count)
  }

  private static func bytes(of tlv: TLV) throws(ProxyError) -> [UInt8] {
    switch tlv.kind {
    case .crc32c: throw .unencodable("the checksum is not given but computed")
    case .noop: throw .unencodable("padding is no information")
    case .uniqueID where tlv.value.count > ProxyBlockParser.uniqueIDLimit:
      throw .unencodable("a unique id is longer than 128 bytes", value: UInt64(tlv.value.count))
    default: break
    }
    guard let count = UInt16(exactly: tlv.value.count) else {
      throw .unencodable("a TLV is longer than 65535 bytes", value: UInt64(tlv.value.count))
    }
    return [tlv.kind.rawValue] + count.bytes + tlv.value
  }
}

extension SocketAddress {
  fileprivate var withoutScope: SocketAddress {
    if case .ipv6(let value, let port, _) = self { .ipv6(value, port: port) } else { self }
  }
}

extension FixedWidthInteger {
  /// The bytes of the number, most significant first.
  fileprivate var bytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
