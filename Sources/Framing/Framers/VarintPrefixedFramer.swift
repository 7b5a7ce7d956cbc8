/// Frames that begin with their length as an unsigned LEB128 number, as Protocol Buffers write streams of messages.
///
///     | offset bytes | length field: 1...width bytes | payload: 0...limit bytes |
///
/// Each byte of the field carries seven bits, the lowest first; all but the last have the high bit set. `02 68 69`
/// carries "hi", `AC 02` announces 300 bytes, and `00` is a legal, empty frame. Padded forms (`82 00`) are accepted.
///
/// With `keepsHeader` the whole frame is the message, for layouts like MQTT's, where the byte before the length tells
/// what the message is.
///
/// Sources: Protocol Buffers, "Encoding" and `writeDelimitedTo`; MQTT 3.1.1, 2.2.3 (offset 1, width 4). See PROTOCOL.md,
/// "Varint-prefixed".
public struct VarintPrefixedFramer: Framer, Hashable {
  /// The longest payload to accept or send, in bytes, without the header.
  public let limit: Int
  /// How many bytes stand before the length field.
  public let offset: Int
  /// How many bytes the length field has at the most, 1 to 10.
  public let width: Int
  /// Whether the header is delivered with its message.
  public let keepsHeader: Bool

  /// Frames as drawn above, with a payload of at most `limit` bytes, 16 MiB unless told otherwise.
  ///
  /// - Parameters:
  ///   - limit: The longest payload, without the header.
  ///   - offset: How many bytes stand before the length field.
  ///   - width: How many bytes the length field has at the most, 1 to 10.
  ///   - keepsHeader: Whether the header is delivered with its message.
  public init(limit: Int = 16 << 20, offset: Int = 0, width: Int = 10, keepsHeader: Bool = false) {
    precondition(limit >= 0, "a limit of \(limit) bytes leaves room for no frame")
    precondition(Self.offsets ~= offset, "the length field begins at 0 to 65535, not \(offset)")
    precondition(Self.widths ~= width, "a length field is 1 to 10 bytes wide, not \(width)")
    self.limit = limit
    self.offset = offset
    self.width = width
    self.keepsHeader = keepsHeader
  }

  internal static var offsets: ClosedRange<Int> { 0...65_535 }
  internal static var widths: ClosedRange<Int> { 1...10 }

  /// Judges the length when its last byte is there, then waits for the payload. Constant time.
  ///
  /// - Throws: ``FrameFault/malformed(_:value:)`` for a length of more than `width` bytes or 64 bits, then
  ///   ``FrameFault/tooLong(length:limit:)``.
  @inlinable
  public func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    guard bytes.count > offset else { return .needs(count: offset + 1 - bytes.count) }
    var length: UInt64 = 0
    var index = offset
    while true {
      guard index < bytes.count else { return .needs(count: 1) }
      let byte = bytes[index]
      try judge(byte, at: index - offset)
      length |= UInt64(byte & 0x7F) << UInt64(7 * (index - offset))
      index += 1
      if byte < 0x80 { break }
    }
    guard length <= UInt64(limit) else { throw .tooLong(length: length, limit: limit) }
    let (wireLength, overflow) = index.addingReportingOverflow(Int(length))
    guard !overflow else { throw .tooLong(length: length, limit: limit) }
    guard bytes.count >= wireLength else { return .needs(count: wireLength - bytes.count) }
    return .frame(payload: (keepsHeader ? 0 : index)..<wireLength, wireLength: wireLength)
  }

  /// Appends zeros up to the length field, the length in its shortest form, and `payload`; or, with ``keepsHeader``,
  /// `payload`, which has to be a whole frame.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` if the length does not fit
  ///   the field or the payload is not a whole frame.
  @inlinable
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    if keepsHeader { return try encodeWhole(payload, into: &wire) }
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    var rest = UInt64(payload.count)
    guard width * 7 >= UInt64.bitWidth - rest.leadingZeroBitCount else {
      throw .unencodable("the length does not fit the length field", value: rest)
    }
    for _ in 0..<offset { wire.append(0) }
    while rest >= 0x80 {
      wire.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    wire.append(UInt8(rest))
    wire.append(payload)
  }

  /// Refuses a byte of the length field that says that the length is too large for it.
  @inlinable
  internal func judge(_ byte: UInt8, at index: Int) throws(FrameFault) {
    guard index < width - 1 || byte < 0x80 else {
      throw .malformed("the length goes on behind the last byte that it can have", value: UInt64(byte))
    }
    guard index < 9 || byte <= 1 else {
      throw .malformed("the length has more than 64 bits", value: UInt64(byte))
    }
  }

  @usableFromInline
  internal func encodeWhole(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    // The decoder's own rule is the judge.
    var found: Scan?
    do throws(FrameFault) {
      if !payload.isEmpty { found = try scan(payload, atEnd: true) }
    } catch {
      if case .tooLong = error { throw error }
    }
    guard found == .frame(payload: 0..<payload.count, wireLength: payload.count) else {
      throw .unencodable("the message is not one frame with its header", value: UInt64(payload.count))
    }
    wire.append(payload)
  }
}

#if !hasFeature(Embedded)
extension VarintPrefixedFramer: SpecifiedFramer {
  /// `varint-prefixed`
  public static var specName: String { "varint-prefixed" }
  /// What the framing is, in one line.
  public static var summary: String { "a count of variable width (LEB128), then that many bytes" }

  private static let defaults = VarintPrefixedFramer()

  /// `max=N,offset=N,width=N,keep=true`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      limit: try options.integer(
        "max", in: 0...(.max), default: Self.defaults.limit, "longest payload in bytes"),
      offset: try options.integer("offset", in: Self.offsets, default: 0, "bytes before the length field"),
      width: try options.integer("width", in: Self.widths, default: 10, "most bytes of the length field"),
      keepsHeader: try options.flag("keep", "whether the header is delivered with its message"))
  }

  /// `max=N,offset=N,width=N,keep=true`
  public var specOptions: [FramerSpec.Option] {
    var options: [FramerSpec.Option] = []
    if limit != Self.defaults.limit { options.append(.init("max", limit)) }
    if offset != 0 { options.append(.init("offset", offset)) }
    if width != 10 { options.append(.init("width", width)) }
    if keepsHeader { options.append(.init("keep", true)) }
    return options
  }
}
#endif
