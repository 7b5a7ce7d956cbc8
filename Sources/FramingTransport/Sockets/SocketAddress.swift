import CSystemShims

/// Where a socket listens or connects to: IPv4, IPv6 or a Unix path.
///
/// As text: `127.0.0.1:7777`, `[::1]:7777`, `[fe80::1%2]:7777` (interface 2), `unix:/run/echo.sock`, and
/// `unix:@name` for a name in Linux's abstract name space. Printing and reading are inverse.
public enum SocketAddress: Hashable, Sendable {
  /// Four bytes, most significant first, and a port.
  case ipv4(UInt32, port: UInt16)
  /// Sixteen bytes, most significant first, a port, and for link-local addresses the number of the interface.
  case ipv6(UInt128, port: UInt16, scope: UInt32 = 0)
  /// A path in the file system; a name that begins with `@` is abstract. Empty for an unnamed peer.
  case unix(path: String)

  /// 127.0.0.1, this machine only; port 0 lets the system choose a free one.
  public static func loopback(port: UInt16) -> SocketAddress { .ipv4(0x7F00_0001, port: port) }

  /// 0.0.0.0, every IPv4 address of this machine.
  public static func any(port: UInt16) -> SocketAddress { .ipv4(0, port: port) }

  /// The family of an address, which a socket has to be made for.
  package enum Family: Hashable, Sendable {
    case ipv4, ipv6, unix

    var shimValue: CInt {
      switch self {
      case .ipv4: CInt(CSYS_IPV4)
      case .ipv6: CInt(CSYS_IPV6)
      case .unix: CInt(CSYS_UNIX)
      }
    }
  }

  package var family: Family {
    switch self {
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    case .unix: .unix
    }
  }

  /// The same for all peers on one machine: the address without its port; of Unix sockets, always the same.
  package var withoutPort: SocketAddress { with(port: 0) ?? .unix(path: "") }

  /// The same address with another port; `nil` for a path.
  public func with(port: UInt16) -> SocketAddress? {
    switch self {
    case .ipv4(let address, _): .ipv4(address, port: port)
    case .ipv6(let address, _, let scope): .ipv6(address, port: port, scope: scope)
    case .unix: nil
    }
  }

  /// The port; `nil` for a path.
  public var port: UInt16? {
    switch self {
    case .ipv4(_, let port), .ipv6(_, let port, _): port
    case .unix: nil
    }
  }
}

// MARK: Text

extension SocketAddress: LosslessStringConvertible {
  /// Reads an address; `nil` if the text is none. Names of hosts are for `resolve(host:port:)`.
  public init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard 1..<Int(CSYS_PATH_MAX) ~= path.utf8.count, !path.utf8.contains(0) else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let port = UInt16(digits)
    else {
      return nil
    }
    let host = text[..<colon]
    if host.hasPrefix("[") && host.hasSuffix("]") {
      self.init(literal: String(host.dropFirst().dropLast()), port: port, families: [.ipv6])
    } else {
      self.init(literal: String(host), port: port, families: [.ipv4])
    }
  }

  /// Reads a numeric host, as `127.0.0.1`, `::1` or `fe80::1%2`; `nil` if it is none.
  public init?(host: String, port: UInt16) {
    self.init(literal: host, port: port, families: [.ipv4, .ipv6])
  }

  private init?(literal: String, port: UInt16, families: Set<Family>) {
    // C would read up to the zero and take the rest for nothing.
    guard !literal.utf8.contains(0) else { return nil }
    let parts = literal.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    var bytes = [UInt8](repeating: 0, count: 16)
    if families.contains(.ipv4), csys_parse_ipv4(literal, &bytes) != 0 {
      self = .ipv4(bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) }, port: port)
    } else if families.contains(.ipv6), csys_parse_ipv6(String(parts[0]), &bytes) != 0 {
      var scope: UInt32 = 0
      if parts.count > 1 {
        guard let number = UInt32(parts[1]), !parts[1].hasPrefix("+") else { return nil }
        scope = number
      }
      self = .ipv6(bytes.reduce(0) { $0 << 8 | UInt128($1) }, port: port, scope: scope)
    } else {
      return nil
    }
  }

  /// The text that ``init(_:)`` reads.
  public var description: String {
    switch self {
    case .ipv4(_, let port): "\(host):\(port)"
    case .ipv6(_, let port, _): "[\(host)]:\(port)"
    case .unix: host
    }
  }

  /// The address without its port: `127.0.0.1`, `::1`, `unix:/run/echo.sock`.
  public var host: String {
    switch self {
    case .ipv4(let value, _):
      return (0..<4).map { String(value >> UInt32(24 - 8 * $0) & 0xFF) }.joined(separator: ".")
    case .ipv6(let value, _, let scope):
      let bytes = (0..<16).map { UInt8(truncatingIfNeeded: value >> UInt128(120 - 8 * $0)) }
      var text = [CChar](repeating: 0, count: 64)
      csys_print_ipv6(bytes, &text, CInt(text.count))
      let literal = text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
      return scope == 0 ? literal : "\(literal)%\(scope)"
    case .unix(let path): return "unix:\(path)"
    }
  }
}

// MARK: The C form

extension SocketAddress {
  /// The address as the shims take it. A path that does not fit was refused by ``SocketAddress/check()``.
  var shim: csys_address {
    var shim = csys_address()
    shim.family = family.shimValue
    switch self {
    case .ipv4(let value, let port):
      shim.port = port
      withUnsafeMutableBytes(of: &shim.bytes) { $0.storeBytes(of: value.bigEndian, as: UInt32.self) }
    case .ipv6(let value, let port, let scope):
      shim.port = port
      shim.scope = scope
      withUnsafeMutableBytes(of: &shim.bytes) { bytes in
        for index in 0..<16 { bytes[index] = UInt8(truncatingIfNeeded: value >> UInt128(120 - 8 * index)) }
      }
    case .unix(let path):
      var bytes = [UInt8](path.utf8.prefix(Int(CSYS_PATH_MAX)))
      if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
      shim.path_length = UInt16(bytes.count)
      withUnsafeMutableBytes(of: &shim.path) { $0.copyBytes(from: bytes) }
    }
    return shim
  }

  /// The address that the shims answered.
  init(_ shim: csys_address) {
    switch shim.family {
    case CInt(CSYS_IPV4):
      let value = withUnsafeBytes(of: shim.bytes) { $0.load(as: UInt32.self) }
      self = .ipv4(UInt32(bigEndian: value), port: shim.port)
    case CInt(CSYS_IPV6):
      let value = withUnsafeBytes(of: shim.bytes) { $0.reduce(0 as UInt128) { $0 << 8 | UInt128($1) } }
      self = .ipv6(value, port: shim.port, scope: shim.scope)
    default:
      var bytes = withUnsafeBytes(of: shim.path) { [UInt8]($0.prefix(Int(shim.path_length))) }
      if bytes.first == 0 { bytes[0] = UInt8(ascii: "@") }
      self = .unix(path: String(decoding: bytes, as: UTF8.self))
    }
  }

  /// Refuses a path that a Unix address cannot hold, before the kernel would cut it.
  package func check() throws(SystemError) {
    guard case .unix(let path) = self else { return }
    guard 1..<Int(CSYS_PATH_MAX) ~= path.utf8.count else {
      throw SystemError(
        call: "a path of 1 to \(CSYS_PATH_MAX - 1) bytes is needed:", code: ENAMETOOLONG, subject: path)
    }
    guard !path.utf8.contains(0) else {
      throw SystemError(call: "a path without a zero byte is needed:", code: EINVAL, subject: path)
    }
  }
}
