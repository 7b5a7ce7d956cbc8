/// A decimal length, a space, the payload: how syslog goes over TCP.
///
///     | digits | ' ' | payload: 1...limit bytes |
///
/// `35 20 68 65 6C 6C 6F` is `5 hello`. The length begins with a digit from 1 to 9, so there is no empty frame. A length
/// over the limit is judged at the digit that passes it, so a header is never long.
///
/// Source: RFC 6587, 3.4.1. See PROTOCOL.md, "Octet-counted".
public struct OctetCountedFramer: Framer, Hashable {
  /// The longest payload to accept or send, in bytes.
  public let limit: Int

  /// Frames of at most `limit` bytes, 16 MiB unless told otherwise.
  @inlinable
  public init(limit: Int = 16 << 20) {
    precondition(limit >= 1, "a limit of \(limit) bytes leaves room for no frame")
    self.limit = limit
  }

  /// Judges the digits one by one, then waits for the payload. Constant time.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)`` at the digit that passes the limit, and
  ///   ``FrameFault/malformed(_:value:)`` for anything but digits and a space in front, and a zero in front.
  public func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    // Before the rest of the digits, as they may not be there yet.
    guard bytes[0] != UInt8(ascii: "0") else {
      throw .malformed("the length begins with a zero", value: UInt64(bytes[0]))
    }
    let length = try DecimalLength(bytes, limit: limit, trailer: 0)
    let wireLength = length.wireLength
    guard bytes.count > length.digits else {
      // The next byte may be wrong already. The end, though, cut off a whole frame.
      return .needs(count: atEnd ? wireLength - bytes.count : 1)
    }
    guard bytes[length.digits] == UInt8(ascii: " ") else {
      throw .malformed("the length does not end with a space", value: UInt64(bytes[length.digits]))
    }
    guard bytes.count >= wireLength else { return .needs(count: wireLength - bytes.count) }
    return .frame(payload: length.digits + 1..<wireLength, wireLength: wireLength)
  }

  /// Appends the length, a space and `payload`.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` for an empty payload.
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard !payload.isEmpty else { throw .unencodable("there is no empty frame in this framing") }
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    wire.append(decimal: payload.count)
    wire.append(UInt8(ascii: " "))
    wire.append(payload)
  }
}

#if !hasFeature(Embedded)
extension OctetCountedFramer: SpecifiedFramer {
  /// `octet-counted`
  public static var specName: String { "octet-counted" }
  /// What the framing is, in one line.
  public static var summary: String { "a decimal length, a space, that many bytes (RFC 6587)" }

  /// `max=N`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      limit: try options.integer("max", in: 1...(.max), default: Self().limit, "longest payload in bytes"))
  }

  /// `max=N`
  public var specOptions: [FramerSpec.Option] { limit == Self().limit ? [] : [.init("max", limit)] }
}
#endif
