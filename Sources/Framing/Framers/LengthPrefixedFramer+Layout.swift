extension LengthPrefixedFramer {
  /// What the frames look like. One for all copies of a framer: every connection has two.
  @usableFromInline
  internal final class Layout: Hashable, Sendable {
    @usableFromInline let width: Int
    @usableFromInline let endianness: Endianness
    @usableFromInline let offset: Int
    @usableFromInline let adjustment: Int
    @usableFromInline let strip: Int
    @usableFromInline let limit: Int
    @usableFromInline let minimum: Int
    @usableFromInline let magic: [UInt8]
    @usableFromInline let tooLongFrame: TooLongFrame
    /// No plain frame, one that is a count and what it counts and nothing else, has so long a payload; 0 if there are none.
    @usableFromInline let plainEnd: UInt64
    /// How many bits of a word are not the field's.
    @usableFromInline let unusedBits: UInt64

    init(
      width: Int, endianness: Endianness, offset: Int, adjustment: Int, strip: Int, limit: Int, minimum: Int,
      magic: [UInt8], tooLongFrame: TooLongFrame
    ) {
      self.width = width
      self.endianness = endianness
      self.offset = offset
      self.adjustment = adjustment
      self.strip = strip
      self.limit = limit
      self.minimum = minimum
      self.magic = magic
      self.tooLongFrame = tooLongFrame
      unusedBits = UInt64(64 - 8 * width)
      let isPlain = offset == 0 && adjustment == 0 && strip == width && minimum == 0
      let countable = Int(clamping: UInt64.max >> unusedBits)
      plainEnd = isPlain ? UInt64(min(limit, countable, Int.max - width)) + 1 : 0
    }

    @usableFromInline
    static func == (left: Layout, right: Layout) -> Bool {
      left === right
        || (left.width, left.endianness, left.offset, left.adjustment, left.strip)
          == (right.width, right.endianness, right.offset, right.adjustment, right.strip)
          && (left.limit, left.minimum, left.magic, left.tooLongFrame)
            == (right.limit, right.minimum, right.magic, right.tooLongFrame)
    }

    // A few tell most framers apart.
    @usableFromInline
    func hash(into hasher: inout Hasher) {
      hasher.combine(width)
      hasher.combine(offset)
      hasher.combine(adjustment)
      hasher.combine(limit)
    }

    private var headerLength: Int { offset + width }

    // MARK: Decoding

    /// The plain frame; `nil` if frames are not, or there is not enough to load the field at once, or the length is over the
    /// limit.
    @inlinable
    @inline(__always)
    func scanPlain(_ bytes: Span<UInt8>) -> Scan? {
      guard bytes.count >= 8 else { return nil }
      let length = word(of: bytes, at: 0)
      guard length < plainEnd else { return nil }
      let wireLength = width &+ Int(truncatingIfNeeded: length)
      if wireLength > bytes.count { return .needs(count: wireLength &- bytes.count) }
      return .frame(payload: Range(uncheckedBounds: (width, wireLength)), wireLength: wireLength)
    }

    /// The frame of any layout.
    func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
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
      return missing <= 0
        ? .frame(payload: strip..<wireLength, wireLength: wireLength) : .needs(count: missing)
    }

    /// The field at `start`, in front of at least 8 bytes: one load and a shift, whatever the width.
    @inlinable
    @inline(__always)
    func word(of bytes: Span<UInt8>, at start: Int) -> UInt64 {
      let word = bytes.withUnsafeBufferPointer {
        UnsafeRawPointer($0.baseAddress.unsafelyUnwrapped + start).loadUnaligned(as: UInt64.self)
      }
      return endianness == .big
        ? UInt64(bigEndian: word) &>> unusedBits : (UInt64(littleEndian: word) &<< unusedBits) &>> unusedBits
    }

    /// Whether all magic bytes are there; those that are must be right.
    private func checkMagic(_ bytes: Span<UInt8>) throws(FrameFault) -> Bool {
      for index in 0..<min(magic.count, bytes.count) where bytes[index] != magic[index] {
        throw .malformed("the frame does not begin with the magic bytes", value: UInt64(bytes[index]))
      }
      return bytes.count >= magic.count
    }

    /// The value of the length field; the header is there.
    private func field(of bytes: Span<UInt8>) -> UInt64 {
      if bytes.count >= offset + 8 { return word(of: bytes, at: offset) }
      var value: UInt64 = 0
      for index in 0..<width {
        value = value << 8 | UInt64(bytes[endianness == .big ? offset + index : offset + width - 1 - index])
      }
      return value
    }

    /// The number of bytes behind a length field that holds `value`, judged.
    private func bodyLength(announcedBy value: UInt64) throws(FrameFault) -> Int {
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

    // MARK: Encoding

    // Not inlined: as the slow path of decoding.
    @usableFromInline
    @inline(never)
    func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
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

    /// The value of a length field in front of `body` bytes, judged.
    private func fieldValue(announcing body: Int) throws(FrameFault) -> UInt64 {
      guard body <= limit else { throw .tooLong(length: UInt64(body), limit: limit) }
      guard body >= minimum else {
        throw .unencodable("the frame would be shorter than the minimum", value: UInt64(body))
      }
      // Unsigned, as in `bodyLength`: a field may hold more than `Int.max`. Neither branch can overflow.
      let magnitude = UInt64(adjustment.magnitude)
      let value = adjustment <= 0 ? UInt64(body) + magnitude : UInt64(body) &- magnitude
      guard adjustment <= body, value <= UInt64.max >> unusedBits else {
        throw .unencodable("the length does not fit the length field", value: UInt64(body))
      }
      return value
    }

    /// The byte that has to stand at `index` of the header; `nil` where any byte may.
    private func headerByte(at index: Int, value: UInt64) -> UInt8? {
      if index < magic.count { return magic[index] }
      guard offset..<headerLength ~= index else { return nil }
      let place = endianness == .big ? headerLength - 1 - index : index - offset
      return UInt8(truncatingIfNeeded: value >> UInt64(8 * place))
    }

    /// Whether the header bytes that `payload` begins with are those of the frame it will be in.
    private func checkHeader(of payload: Span<UInt8>, value: UInt64) throws(FrameFault) {
      for index in stride(from: strip, to: headerLength, by: 1) {
        if let byte = headerByte(at: index, value: value), payload[index - strip] != byte {
          throw .unencodable(
            "the message begins with a header that is not its own", value: UInt64(payload[index - strip]))
        }
      }
    }
  }
}
