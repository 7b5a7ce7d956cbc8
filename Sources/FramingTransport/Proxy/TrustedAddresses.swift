/// The peers whose word counts: networks, Unix sockets, or everybody.
///
/// As text, separated by commas, spaces or both:
///
///     10.0.0.0/8       the IPv4 addresses with the same first 8 bits
///     2001:db8::/32    the same for IPv6
///     192.0.2.7, ::1   one address each
///     unix             every Unix socket
///     any              everybody
///
/// An IPv6 address that stands for an IPv4 one (`::ffff:10.0.0.1`) is that IPv4 address, here and in
/// ``contains(_:)``; hence `::/0` holds no IPv4 address. Interfaces (`%2`) are no part of a network.
public struct TrustedAddresses: Hashable, Sendable {
  private var ipv4: [Network<UInt32>] = []
  private var ipv6: [Network<UInt128>] = []
  private var unix = false
  private var any = false

  private struct Network<Address: FixedWidthInteger & Sendable>: Hashable, Sendable {
    let address: Address
    let prefix: Int

    /// The bits that all addresses of the network have in common.
    static func mask(_ prefix: Int) -> Address { prefix == 0 ? 0 : ~0 << Address(Address.bitWidth - prefix) }

    func contains(_ other: Address) -> Bool { (address ^ other) & Self.mask(prefix) == 0 }
  }

  /// Everybody: for a listener that only proxies can reach.
  public static let any: TrustedAddresses = {
    var addresses = TrustedAddresses()
    addresses.any = true
    return addresses
  }()

  private init() {}

  /// Whether `address` is one of them; ports do not count.
  public func contains(_ address: SocketAddress) -> Bool {
    if any { return true }
    switch address {
    case .ipv4(let value, _): return ipv4.contains { $0.contains(value) }
    case .ipv6(let value, _, _):
      if let value = Self.mapped(value) { return ipv4.contains { $0.contains(value) } }
      return ipv6.contains { $0.contains(value) }
    case .unix: return unix
    }
  }

  /// The IPv4 address that an IPv6 address stands for (RFC 4291, 2.5.5.2).
  private static func mapped(_ value: UInt128) -> UInt32? {
    value >> 32 == 0xFFFF ? UInt32(truncatingIfNeeded: value) : nil
  }
}

// MARK: Text

extension TrustedAddresses {
  /// What is wrong with the text of trusted addresses, and where.
  public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The whole text.
    public let text: String
    /// The place of the mistake: the number of UTF-8 bytes before it.
    public let position: Int
    /// What is wrong, and what is allowed there.
    public let problem: String

    /// One line: `trusted addresses "10.0.0.0/33", character 10: the prefix of IPv4 is a number from 0 to 32`.
    public var description: String {
      "trusted addresses \"\(text)\", character \(position + 1): \(problem)"
    }
  }

  /// Reads addresses, networks, `unix` and `any`; at least one.
  ///
  /// - Throws: ``TextError`` also for a network whose address has bits behind the prefix: nobody knows which of the
  ///   two was meant.
  public init(_ text: String) throws(TextError) {
    let bytes = Array(text.utf8)
    var position = 0
    while true {
      while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
      let start = position
      while position < bytes.count, ![UInt8(ascii: " "), UInt8(ascii: ",")].contains(bytes[position]) {
        position += 1
      }
      let entry = String(decoding: bytes[start..<position], as: UTF8.self)
      guard !entry.isEmpty else {
        throw TextError(
          text: text, position: start, problem: "an address, a network as 10.0.0.0/8, unix or any is needed")
      }
      if let (offset, problem) = insert(entry) {
        throw TextError(text: text, position: start + offset, problem: problem)
      }
      while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
      guard position < bytes.count else { return }
      if bytes[position] == UInt8(ascii: ",") { position += 1 }
    }
  }

  /// Takes one entry in; else answers what is wrong, and how many bytes before it are right.
  private mutating func insert(_ entry: String) -> (offset: Int, problem: String)? {
    switch entry {
    case "unix":
      unix = true
      return nil
    case "any":
      any = true
      return nil
    default: break
    }
    let slash = entry.utf8.firstIndex(of: UInt8(ascii: "/"))
    let host = String(entry[..<(slash ?? entry.endIndex)])
    let digits = slash.map { entry[entry.index(after: $0)...] }
    guard !host.utf8.contains(UInt8(ascii: "%")), let address = SocketAddress(host: host, port: 0) else {
      return (0, "\"\(host)\" is no IPv4 or IPv6 address, nor unix or any")
    }
    switch address {
    case .ipv4(let value, _):
      return Self.insert(value, digits, after: host, "IPv4", SocketAddress.ipv4(_:port:), into: &ipv4)
    case .ipv6(let value, _, _):
      let problem = Self.insert(
        value, digits, after: host, "IPv6", { .ipv6($0, port: $1) }, into: &ipv6)
      if problem == nil, let last = ipv6.last, last.prefix >= 96, let value = Self.mapped(last.address) {
        ipv6.removeLast()
        ipv4.append(Network(address: value, prefix: last.prefix - 96))
      }
      return problem
    case .unix: return nil  // `SocketAddress(host:port:)` answers none.
    }
  }

  private static func insert<Address: FixedWidthInteger>(
    _ value: Address, _ digits: Substring?, after host: String, _ family: String,
    _ address: (Address, UInt16) -> SocketAddress, into networks: inout [Network<Address>]
  ) -> (offset: Int, problem: String)? {
    var prefix = Address.bitWidth
    if let digits {
      guard digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), digits.utf8.count <= 3,
        let number = Int(digits), number <= prefix
      else {
        return (host.utf8.count + 1, "the prefix of \(family) is a number from 0 to \(prefix)")
      }
      prefix = number
    }
    let network = value & Network<Address>.mask(prefix)
    guard network == value else {
      return (0, "the address has bits behind its prefix; is \(address(network, 0).host)/\(prefix) meant?")
    }
    networks.append(Network(address: value, prefix: prefix))
    return nil
  }
}
