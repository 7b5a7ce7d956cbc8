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
  /// The width of the length field in bytes, 1 to 8.
  public let width: Int
  /// How many bytes stand before the length field.
  public let offset: Int
  /// What to add to the value of the length field to get the number of bytes behind it.
  public let adjustment: Int
  /// How many bytes at the front of a frame are not delivered.
  public let strip: Int
  /// The longest body (bytes behind the length field) to accept or send.
  public let limit: Int
  /// The shortest body to accept or send.
  public let minimum: Int
  /// The bytes that every frame begins with.
  public let magic: [UInt8]
  /// How many bytes of a frame that is left out are still to be dropped.
  @usableFromInline internal var discarding = ScanState<UInt64>(0)

  // The small ones last, so that they share a word.

  /// The byte order of the length field.
  public let endianness: Endianness
  /// What to do about a frame whose body is longer than the limit.
  public let tooLongFrame: TooLongFrame
  /// Whether a frame is a count and what it counts, nothing else, and none is being left out: the usual case, which
  /// ``scan(_:atEnd:)`` decides in a few steps.
  @usableFromInline internal var isPlain = ScanState(false)

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
    self.width = width
    self.endianness = endianness
    self.offset = offset
    self.adjustment = adjustment
    self.strip = strip ?? offset + width
    self.limit = limit
    self.minimum = minimum
    self.magic = magic
    self.tooLongFrame = tooLongFrame
    self.isPlain.value = hasPlainLayout
  }

  private var hasPlainLayout: Bool { offset == 0 && adjustment == 0 && strip == width && minimum == 0 }

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
    if isPlain.value, let scan = scanPlain(bytes) { return scan }
    return try scanAny(bytes, atEnd: atEnd)
  }

  // Not inlined: beside it, the usual case would have no registers left.
  @usableFromInline
  @inline(never)
  internal mutating func scanAny(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    if discarding.value > 0 { return .skip(count: discard(bytes.count)) }
    let header = headerLength
    if !magic.isEmpty, try !checkMagic(bytes) {
      // The next byte may be wrong already. The end, though, cut off a whole header.
      return .needs(count: atEnd ? header - bytes.count : 1)
    }
    guard bytes.count >= header else { return .needs(count: header - bytes.count) }
    let body = try bodyLength(announcedBy: field(of: bytes))
    let (wireLength, overflow) = header.addingReportingOverflow(body)
    guard !overflow else { throw .tooLong(length: UInt64(body), limit: limit) }
    guard strip <= wireLength else {
      throw .malformed("the frame is shorter than the bytes to strip from it", value: UInt64(wireLength))
    }
    let missing = wireLength - bytes.count
    return missing <= 0 ? .frame(payload: strip..<wireLength, wireLength: wireLength) : .needs(count: missing)
  }

  /// The frame of the plain layout; `nil` if there is not enough to load the field at once, or the length is over the limit.
  @inlinable
  @inline(__always)
  internal func scanPlain(_ bytes: Span<UInt8>) -> Scan? {
    guard bytes.count >= 8 else { return nil }
    let length = word(of: bytes, at: 0)
    guard length <= UInt64(truncatingIfNeeded: limit) else { return nil }
    let (wireLength, overflow) = width.addingReportingOverflow(Int(truncatingIfNeeded: length))
    guard !overflow else { return nil }
    if wireLength > bytes.count { return .needs(count: wireLength &- bytes.count) }
    return .frame(payload: Range(uncheckedBounds: (width, wireLength)), wireLength: wireLength)
  }

  /// The field at `offset`, in front of at least 8 bytes: one load and a shift, whatever the width.
  @inlinable
  @inline(__always)
  internal func word(of bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    let word = bytes.withUnsafeBufferPointer {
      UnsafeRawPointer($0.baseAddress.unsafelyUnwrapped + offset).loadUnaligned(as: UInt64.self)
    }
    let unused = UInt64(truncatingIfNeeded: 64 &- 8 &* width)
    return endianness == .big
      ? UInt64(bigEndian: word) &>> unused : (UInt64(littleEndian: word) &<< unused) &>> unused
  }

  /// Leaves out a frame that is too long, as far as `bytes` hold it, if told so.
  public mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? {
    guard tooLongFrame == .discard, case .tooLong(let body?, _) = fault else { return nil }
    let (wireLength, overflow) = body.addingReportingOverflow(UInt64(headerLength))
    discarding.value = overflow ? .max : wireLength
    isPlain.value = false
    return discard(bytes.count)
  }

  /// Whether bytes of a frame that is left out are still to come.
  public var isLeavingOut: Bool { discarding.value > 0 }

  /// How many of `available` bytes belong to the frame that is left out.
  @usableFromInline
  internal mutating func discard(_ available: Int) -> Int {
    let count = min(discarding.value, UInt64(available))
    discarding.value -= count
    if discarding.value == 0 { isPlain.value = hasPlainLayout }
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
    if isPlain.value && payload.count <= limit && length <= UInt64.max &>> UInt64(64 &- 8 &* width) {
      wire.append(length, width: width, endianness: endianness, before: payload)
    } else {
      try encodeAny(payload, into: &wire)
    }
  }

  @usableFromInline
  @inline(never)
  internal func encodeAny(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    let (total, overflow) = strip.addingReportingOverflow(payload.count)
    guard !overflow, total >= headerLength else {
      throw .unencodable(
        "the message is shorter than the header that it has to begin with", value: UInt64(payload.count))
    }
    let value = try fieldValue(announcing: total - headerLength)
    try checkHeader(of: payload, value: value)
    for index in 0..<strip { wire.append(headerByte(at: index, value: value) ?? 0) }
    wire.append(payload)
  }

  /// Whether all magic bytes are there; those that are must be right.
  @usableFromInline
  internal func checkMagic(_ bytes: Span<UInt8>) throws(FrameFault) -> Bool {
    for index in 0..<min(magic.count, bytes.count) where bytes[index] != magic[index] {
      throw .malformed("the frame does not begin with the magic bytes", value: UInt64(bytes[index]))
    }
    return bytes.count >= magic.count
  }

  /// The value of the length field; the header is there.
  @inlinable
  internal func field(of bytes: Span<UInt8>) -> UInt64 {
    if bytes.count >= offset + 8 { return word(of: bytes, at: offset) }
    var value: UInt64 = 0
    for index in 0..<width {
      value = value << 8 | UInt64(bytes[endianness == .big ? offset + index : offset + width - 1 - index])
    }
    return value
  }

  /// The number of bytes behind a length field that holds `value`, judged.
  @inlinable
  internal func bodyLength(announcedBy value: UInt64) throws(FrameFault) -> Int {
    let length: UInt64
    if adjustment >= 0 {
      let (sum, overflow) = value.addingReportingOverflow(UInt64(adjustment))
      length = overflow ? .max : sum
    } else {
      guard value >= adjustment.magnitude else {
        throw .malformed("the length field is too small to count what it has to count", value: value)
      }
      length = value - UInt64(adjustment.magnitude)
    }
    guard length <= UInt64(limit) else { throw .tooLong(length: length, limit: limit) }
    guard length >= UInt64(minimum) else {
      throw .malformed("the frame is shorter than the minimum", value: length)
    }
    return Int(length)
  }

  /// The value of a length field in front of `body` bytes, judged.
  @inlinable
  internal func fieldValue(announcing body: Int) throws(FrameFault) -> UInt64 {
    guard body <= limit else { throw .tooLong(length: UInt64(body), limit: limit) }
    guard body >= minimum else {
      throw .unencodable("the frame would be shorter than the minimum", value: UInt64(body))
    }
    // Unsigned, as in `bodyLength`: a field may hold more than `Int.max`. Neither branch can overflow.
    let magnitude = UInt64(adjustment.magnitude)
    let value = adjustment <= 0 ? UInt64(body) + magnitude : UInt64(body) &- magnitude
    guard adjustment <= body, value <= UInt64.max >> UInt64(64 - 8 * width) else {
      throw .unencodable("the length does not fit the length field", value: UInt64(body))
    }
    return value
  }

  /// The byte that has to stand at `index` of the header; `nil` where any byte may.
  @usableFromInline
  internal func headerByte(at index: Int, value: UInt64) -> UInt8? {
    if index < magic.count { return magic[index] }
    guard offset..<headerLength ~= index else { return nil }
    let place = endianness == .big ? headerLength - 1 - index : index - offset
    return UInt8(truncatingIfNeeded: value >> UInt64(8 * place))
  }

  /// Whether the header bytes that `payload` begins with are those of the frame it will be in.
  @usableFromInline
  internal func checkHeader(of payload: Span<UInt8>, value: UInt64) throws(FrameFault) {
    for index in stride(from: strip, to: headerLength, by: 1) {
      if let byte = headerByte(at: index, value: value), payload[index - strip] != byte {
        throw .unencodable(
          "the message begins with a header that is not its own", value: UInt64(payload[index - strip]))
      }
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
