/// A decimal length, a colon, the payload, a comma.
///
///     | digits | ':' | payload: 0...limit bytes | ',' |
///
/// `35 3A 68 65 6C 6C 6F 2C` is `5:hello,`, and `0:,` is a legal, empty frame. The length has no leading zero, no sign
/// and no blank. A length over the limit is judged at the digit that passes it, so a header is never long.
///
/// Source: D. J. Bernstein, "Netstrings", 1997. See PROTOCOL.md, "Netstring".
public struct NetstringFramer: Framer, Hashable {
  /// The longest payload to accept or send, in bytes.
  public let limit: Int

  /// Netstrings of at most `limit` bytes, 16 MiB unless told otherwise.
  @inlinable
  public init(limit: Int = 16 << 20) {
    precondition(limit >= 0, "a limit of \(limit) bytes leaves room for no frame")
    self.limit = limit
  }

  /// Judges the digits one by one, then waits for payload and comma. Constant time.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)`` at the digit that passes the limit, and
  ///   ``FrameFault/malformed(_:value:)`` for anything but digits and a colon in front, a leading zero, and another
  ///   byte where the comma has to be.
  public func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    let length = try DecimalLength(bytes, limit: limit, trailer: 1)
    let wireLength = length.wireLength
    guard bytes.count > length.digits else {
      // The next byte may be wrong already. The end, though, cut off a whole frame.
      return .needs(count: atEnd ? wireLength - bytes.count : 1)
    }
    guard bytes[length.digits] == UInt8(ascii: ":") else {
      throw .malformed("the length does not end with a colon", value: UInt64(bytes[length.digits]))
    }
    guard bytes.count >= wireLength else { return .needs(count: wireLength - bytes.count) }
    guard bytes[wireLength - 1] == UInt8(ascii: ",") else {
      throw .malformed("the payload does not end with a comma", value: UInt64(bytes[wireLength - 1]))
    }
    return .frame(payload: length.digits + 1..<wireLength - 1, wireLength: wireLength)
  }

  /// Appends the length, a colon, `payload` and a comma.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``.
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    wire.append(decimal: payload.count)
    wire.append(UInt8(ascii: ":"))
    wire.append(payload)
    wire.append(UInt8(ascii: ","))
  }
}

#if !hasFeature(Embedded)
extension NetstringFramer: SpecifiedFramer {
  /// `netstring`
  public static var specName: String { "netstring" }
  /// What the framing is, in one line.
  public static var summary: String { "a decimal length, a colon, that many bytes, a comma" }

  /// `max=N`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      limit: try options.integer("max", in: 0...(.max), default: Self().limit, "longest payload in bytes"))
  }

  /// `max=N`
  public var specOptions: [FramerSpec.Option] { limit == Self().limit ? [] : [.init("max", limit)] }
}
#endif
