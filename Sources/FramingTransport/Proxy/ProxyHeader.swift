/// What a proxy tells about the connection that it passes on, before the first byte of it: whose it really is.
///
/// The header stands once, at the front of the stream that goes to the server. Two formats carry it, and
/// ``parse(_:limit:)`` tells them apart by their first byte:
///
///     version 1   "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443" CR LF
///     version 2   | signature: 12 bytes | command: 1 | family: 1 | N: 2 | addresses and TLVs: N bytes |
///
/// - Important: The header is as trustworthy as who sends it. Whether one is to be expected is configured and never
///   guessed from the bytes, and only peers in ``TrustedAddresses`` may send one; anybody else could choose whose
///   address to have.
///
/// Source: "The PROXY protocol", versions 1 and 2, `doc/proxy-protocol.txt` of HAProxy.
public struct ProxyHeader: Hashable, Sendable {
  /// Why the proxy has connected.
  public let command: Command
  /// Who connected to the proxy; `nil` if the proxy cannot tell: the peer of the connection counts then.
  public let source: SocketAddress?
  /// To which address of the proxy; `nil` if the proxy cannot tell.
  public let destination: SocketAddress?
  /// What else the proxy tells, in its order, without paddings and checksum. Always empty in version 1.
  public let tlvs: [TLV]

  /// Why a proxy connects to a server.
  public enum Command: Hashable, Sendable {
    /// On its own behalf, as to see whether the server lives.
    case local
    /// On behalf of a client.
    case proxy
  }

  /// A version of the protocol.
  public enum Version: Hashable, Sendable, CaseIterable {
    /// A line of text of at most 107 bytes.
    case v1
    /// A block of bytes with a length.
    case v2
  }

  /// The header of a proxy that connects on its own behalf.
  public static let local = ProxyHeader(command: .local, source: nil, destination: nil, tlvs: [])

  /// The header of a connection from `source` to the address `destination` of the proxy.
  public init(from source: SocketAddress, to destination: SocketAddress, tlvs: [TLV] = []) {
    self.init(command: .proxy, source: source, destination: destination, tlvs: tlvs)
  }

  /// The header of a connection of which the proxy cannot tell the addresses.
  public init(tlvs: [TLV] = []) {
    self.init(command: .proxy, source: nil, destination: nil, tlvs: tlvs)
  }

  init(command: Command, source: SocketAddress?, destination: SocketAddress?, tlvs: [TLV]) {
    self.command = command
    self.source = source
    self.destination = destination
    self.tlvs = tlvs
  }
}

// MARK: What else is told

extension ProxyHeader {
  /// One piece of further information in version 2, of any length.
  ///
  ///     | kind: 1 byte | N: 2 bytes, big-endian | value: N bytes |
  ///
  /// `02 00 02 68 69` is the authority "hi". Source: the specification, section 2.2.
  public struct TLV: Hashable, Sendable {
    /// What the value is.
    public let kind: Kind
    /// The bytes of it.
    public let value: [UInt8]

    /// The information `value` of the kind `kind`.
    public init(_ kind: Kind, _ value: [UInt8]) {
      self.kind = kind
      self.value = value
    }

    /// The number of a kind; those that have no name here are kept all the same.
    public struct Kind: RawRepresentable, Hashable, Sendable {
      /// The number on the wire.
      public let rawValue: UInt8
      /// The kind with the number `rawValue`.
      public init(rawValue: UInt8) { self.rawValue = rawValue }

      /// The protocol that was agreed upon within TLS, as "h2" (RFC 7301).
      public static let alpn = Kind(rawValue: 0x01)
      /// The name of the host that the client wants, in UTF-8.
      public static let authority = Kind(rawValue: 0x02)
      /// The checksum of the header, 4 bytes; verified and not kept.
      public static let crc32c = Kind(rawValue: 0x03)
      /// Padding, which is not kept.
      public static let noop = Kind(rawValue: 0x04)
      /// What identifies the connection among several proxies, at most 128 bytes.
      public static let uniqueID = Kind(rawValue: 0x05)
      /// What the proxy knows of TLS: flags, the verdict on the certificate, and TLVs within.
      public static let ssl = Kind(rawValue: 0x20)
      /// The name of the network name space.
      public static let networkNamespace = Kind(rawValue: 0x30)
    }
  }

  /// The protocol that client and proxy agreed upon within TLS, as the bytes of "h2"; `nil` if not told.
  public var alpn: [UInt8]? { first(.alpn) }

  /// The name of the host that the client wants; `nil` if not told, or not in UTF-8.
  public var authority: String? { first(.authority).flatMap { String(validating: $0, as: UTF8.self) } }

  /// What identifies the connection among several proxies; `nil` if not told.
  public var uniqueID: [UInt8]? { first(.uniqueID) }

  private func first(_ kind: TLV.Kind) -> [UInt8]? { tlvs.first { $0.kind == kind }?.value }
}

// MARK: Reading

extension ProxyHeader {
  /// The longest header to accept unless told otherwise, in bytes.
  public static let defaultLimit = 4096

  /// Reads the header at the front of `bytes`, of either version.
  ///
  /// The bytes decide, never the cuts: as long as the answer is `nil`, ask again with the same bytes and those that came
  /// since. Each call looks at all bytes of the header, of which there are never many: an answer comes with 107 bytes in
  /// version 1, and with the announced length, at most `limit`, in version 2.
  ///
  /// - Parameters:
  ///   - bytes: All that the peer has sent. What stands behind the header is not looked at.
  ///   - limit: The longest header of version 2 to accept, in bytes, its first 16 included.
  /// - Returns: The header and how many bytes it takes; `nil` if the rest of it has yet to come.
  /// - Throws: ``ProxyError`` at the first byte that no continuation can turn into a header; numbers of several bytes
  ///   are judged as a whole.
  public static func parse(
    _ bytes: Span<UInt8>, limit: Int = defaultLimit
  ) throws(ProxyError) -> (header: ProxyHeader, length: Int)? {
    precondition(limit >= ProxyBlockParser.fixedLength, "no header fits into a limit of \(limit) bytes")
    guard bytes.count > 0 else { return nil }
    do throws(ProxyStop) {
      switch bytes[0] {
      case ProxyLineParser.start:
        var parser = ProxyLineParser()
        return (try parser.parse(bytes), parser.position)
      case ProxyBlockParser.signature[0]: return try ProxyBlockParser.parse(bytes, limit: limit)
      default:
        throw .fault(.malformed("no PROXY header begins like this", at: 0, value: UInt64(bytes[0])))
      }
    } catch {
      switch error {
      case .needsMore: return nil
      case .fault(let fault): throw fault
      }
    }
  }
}

/// Why reading a header stopped before its end.
enum ProxyStop: Error {
  /// The bytes end, and nothing is wrong with them.
  case needsMore
  case fault(ProxyError)
}
