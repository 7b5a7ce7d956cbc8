/// Frames that say how long they are.
///
///     | offset bytes | length field: width bytes | body: value + adjustment bytes |
///     |<--------- header, `headerLength` ------->|<----- min...limit bytes ------>|
///     |<- strip bytes ->|<------------------ payload ----------------------------->|
///
/// By default a 4-byte big-endian count of the bytes behind it, which is not delivered:
/// `00 00 00 02 68 69` carries "hi", and `00 00 00 00` is a legal, empty frame.
///
/// - `adjustment` is always counted from behind the length field: body = value + adjustment. A length
///   that counts itself and the header too (see ``inclusive(width:endianness:offset:strip:limit:)``) has
///   adjustment = -(offset + width).
/// - `limit` bounds the body, whatever is stripped, and is judged as soon as the length field is there.
/// - `magic` is a constant at the very front, checked byte by byte as it comes.
///
/// Sources: RFC 1035, 4.2.2 (2 bytes); Erlang's `{packet, 1 | 2 | 4}`; see PROTOCOL.md, "Length-prefixed".
public struct LengthPrefixedFramer: Framer, Hashable {
  @usableFromInline internal let layout: Layout
  /// How many bytes of a frame that is left out are still to be dropped.
  @usableFromInline internal var discarding = ScanState<UInt64>(0)

  /// The width of the length field in bytes, 1 to 8.
  @inlinable public var width: Int { layout.width }
  /// The byte order of the length field.
  @inlinable public var endianness: Endianness { layout.endianness }
  /// How many bytes stand before the length field.
  @inlinable public var offset: Int { layout.offset }
  /// What to add to the value of the length field to get the number of bytes behind it.
  @inlinable public var adjustment: Int { layout.adjustment }
  /// How many bytes at the front of a frame are not delivered.
  @inlinable public var strip: Int { layout.strip }
  /// The longest body (bytes behind the length field) to accept or send.
  @inlinable public var limit: Int { layout.limit }
  /// The shortest body to accept or send.
  @inlinable public var minimum: Int { layout.minimum }
  /// The bytes that every frame begins with.
  @inlinable public var magic: [UInt8] { layout.magic }
  /// What to do about a frame whose body is longer than the limit.
  @inlinable public var tooLongFrame: TooLongFrame { layout.tooLongFrame }

  /// Frames as drawn above.
  ///
  /// - Parameters:
  ///   - width: The width of the length field in bytes, 1 to 8.
  ///   - endianness: The byte order of the length field.
  ///   - offset: How many bytes stand before the length field.
  ///   - adjustment: What to add to the value of the field to get the number of bytes behind it.
  ///   - strip: How many bytes at the front are not delivered; `nil` for the whole header.
  ///   - limit: The longest body to accept or send, 16 MiB unless told otherwise.
  ///   - minimum: The shortest body to accept or send.
  ///   - magic: The bytes that every frame begins with; they lie within the first `offset` bytes.
  ///   - tooLongFrame: What to do about a frame whose body is longer than the limit.
  public init(
    width: Int = 4, endianness: Endianness = .big, offset: Int = 0, adjustment: Int = 0, strip: Int? = nil,
    limit: Int = 16 << 20, minimum: Int = 0, magic: [UInt8] = [], tooLongFrame: TooLongFrame = .fail
  ) {
    precondition(Self.widths ~= width, "a length field is 1 to 8 bytes wide, not \(width)")
    precondition(Self.offsets ~= offset, "the length field begins at 0 to 65535, not \(offset)")
    precondition(limit >= 0, "a limit of \(limit) bytes leaves room for no frame")
    precondition(0...limit ~= minimum, "the minimum \(minimum) is not between 0 and the limit \(limit)")
    precondition(Self.strips ~= strip ?? 0, "0 to 1048576 bytes can be stripped, not \(strip ?? 0)")
    precondition(magic.count <= offset, "the magic bytes must fit before the length field")
    layout = Layout(
      width: width, endianness: endianness, offset: offset, adjustment: adjustment,
      strip: strip ?? offset + width, limit: limit, minimum: minimum, magic: magic, tooLongFrame: tooLongFrame
    )
  }

  /// Frames whose length field counts the whole frame, itself and what stands before it included.
  ///
  /// - Parameters:
  ///   - width: The width of the length field in bytes, 1 to 8.
  ///   - endianness: The byte order of the length field.
  ///   - offset: How many bytes stand before the length field.
  ///   - strip: How many bytes at the front are not delivered; `nil` for the whole header.
  ///   - limit: The longest body (bytes behind the length field) to accept or send.
  public static func inclusive(
    width: Int = 4, endianness: Endianness = .big, offset: Int = 0, strip: Int? = nil, limit: Int = 16 << 20
  ) -> LengthPrefixedFramer {
    LengthPrefixedFramer(
      width: width, endianness: endianness, offset: offset, adjustment: -(offset + width), strip: strip,
      limit: limit)
  }

  internal static var widths: ClosedRange<Int> { 1...8 }
  internal static var offsets: ClosedRange<Int> { 0...65_535 }
  // Bounded, as encoding has to write what decoding strips.
  internal static var strips: ClosedRange<Int> { 0...1 << 20 }

  /// The number of bytes up to the end of the length field: offset + width.
  @inlinable
  public var headerLength: Int { offset + width }

  /// Judges the header as soon as it is there, then waits for the body. Constant time.
  ///
  /// - Throws: In this order: ``FrameFault/malformed(_:value:)`` if the magic bytes differ or
  ///   value + adjustment is below zero, ``FrameFault/tooLong(length:limit:)``, and `malformed` for a body below
  ///   the minimum or a frame shorter than what is stripped from it.
  @inlinable
  @inline(__always)
  public mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    if discarding.value == 0, let scan = layout.scanPlain(bytes) { return scan }
    return try scanAny(bytes, atEnd: atEnd)
  }

  // Not inlined: beside it, the usual case would have no registers left.
  @usableFromInline
  @inline(never)
  internal mutating func scanAny(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    if discarding.value > 0 { return .skip(count: discard(bytes.count)) }
    return try layout.scan(bytes, atEnd: atEnd)
  }

  /// Leaves out a frame that is too long, as far as `bytes` hold it, if told so.
  public mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? {
    guard tooLongFrame == .discard, case .tooLong(let body?, _) = fault else { return nil }
    let (wireLength, overflow) = body.addingReportingOverflow(UInt64(headerLength))
    discarding.value = overflow ? .max : wireLength
    return discard(bytes.count)
  }

  /// Whether bytes of a frame that is left out are still to come.
  public var isLeavingOut: Bool { discarding.value > 0 }

  /// How many of `available` bytes belong to the frame that is left out.
  private mutating func discard(_ available: Int) -> Int {
    let count = min(discarding.value, UInt64(available))
    discarding.value -= count
    return Int(count)
  }

  /// Appends header and `payload`. Bytes before the length field are the magic ones, then zeros.
  ///
  /// Where less than the whole header is stripped, the payload begins with the rest of the header, and its
  /// length field must be right. Where more is stripped, zeros stand for it.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` if the length does
  ///   not fit the field or the payload begins with a header that is not its own.
  @inlinable
  @inline(__always)
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    let length = UInt64(truncatingIfNeeded: payload.count)
    if length < layout.plainEnd {
      wire.append(length, width: layout.width, endianness: layout.endianness, before: payload)
    } else {
      try layout.encode(payload, into: &wire)
    }
  }
}

#if !hasFeature(Embedded)
extension LengthPrefixedFramer: SpecifiedFramer {
  /// `length-prefixed`
  public static var specName: String { "length-prefixed" }
  /// What the framing is, in one line.
  public static var summary: String { "a count, then that many bytes" }

  private static let defaults = LengthPrefixedFramer()

  /// `width=4,endian=big,offset=0,adjust=0,strip=4,max=16777216,min=0,magic=,on-too-long=fail`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    let width = try options.integer("width", in: Self.widths, default: 4, "bytes of the length field")
    let endianness = try options.choice(
      "endian", of: [Endianness.big, .little], default: .big, "the order of its bytes")
    let offset = try options.integer("offset", in: Self.offsets, default: 0, "bytes before the length field")
    let adjustment = try options.integer(
      "adjust", in: .min ... .max, default: 0, "what to add to the value to get the bytes behind the field")
    let strip = try options.integer(
      "strip", in: Self.strips, default: offset + width,
      "bytes at the front that are not delivered; offset + width unless told otherwise")
    let limit = try options.integer(
      "max", in: 0...(.max), default: Self.defaults.limit, "most bytes behind the length field")
    let minimum = try options.integer("min", in: 0...limit, default: 0, "least bytes behind the length field")
    let magic = try options.hex("magic", atMost: offset, "bytes that every frame begins with")
    let tooLongFrame = try options.choice(
      "on-too-long", of: [TooLongFrame.fail, .discard], default: .fail, "what to do about a longer frame")
    self.init(
      width: width, endianness: endianness, offset: offset, adjustment: adjustment, strip: strip,
      limit: limit, minimum: minimum, magic: magic, tooLongFrame: tooLongFrame)
  }

  /// `width=4,endian=big,offset=0,adjust=0,strip=4,max=16777216,min=0,magic=,on-too-long=fail`
  public var specOptions: [FramerSpec.Option] {
    var options: [FramerSpec.Option] = []
    if width != 4 { options.append(.init("width", width)) }
    if endianness != .big { options.append(.init("endian", endianness.rawValue)) }
    if offset != 0 { options.append(.init("offset", offset)) }
    if adjustment != 0 { options.append(.init("adjust", adjustment)) }
    if strip != headerLength { options.append(.init("strip", strip)) }
    if limit != Self.defaults.limit { options.append(.init("max", limit)) }
    if minimum != 0 { options.append(.init("min", minimum)) }
    if !magic.isEmpty {
      let hex = magic.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
      options.append(.init("magic", hex))
    }
    if tooLongFrame != .fail { options.append(.init("on-too-long", tooLongFrame.rawValue)) }
    return options
  }
}
#endif
