/// Frames that end with the byte END (C0), which inside of them is escaped.
///
///     | payload, escaped: C0 as DB DC, DB as DB DD | C0 |
///
/// `68 69 C0` carries "hi", `DB DC C0` the byte C0. Nothing between two ENDs is no frame, so an END in front, which
/// many senders write to flush noise from a line, does no harm; and there is no empty message. DB before any other byte
/// is malformed (the sample of the RFC keeps that byte).
///
/// The limit counts the message, not its escapes. Source: RFC 1055. See PROTOCOL.md, "SLIP".
public struct SLIPFramer: Framer, Hashable {
  /// The longest message to accept or send, in bytes, without escapes.
  public let limit: Int

  /// No END stands before this index of the unread bytes, and every escape before it is whole and right.
  @usableFromInline internal var searched = ScanState(0)
  /// How many escapes stand before it.
  @usableFromInline internal var escapes = ScanState(0)

  /// Messages of at most `limit` bytes, 1 MiB unless told otherwise.
  @inlinable
  public init(limit: Int = 1 << 20) {
    precondition(limit >= 1, "a limit of \(limit) bytes leaves room for no message")
    self.limit = limit
  }

  @usableFromInline internal static var end: UInt8 { 0xC0 }
  @usableFromInline internal static var escape: UInt8 { 0xDB }
  @usableFromInline internal static var escapedEnd: UInt8 { 0xDC }
  @usableFromInline internal static var escapedEscape: UInt8 { 0xDD }

  /// Searches from where the last call stopped. Linear in the new bytes.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, without a length, at the first byte or escape beyond the limit;
  ///   ``FrameFault/malformed(_:value:)`` for an escape of anything but END and itself.
  @inlinable
  public mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    if bytes[0] == Self.end {
      var count = 1
      while count < bytes.count && bytes[count] == Self.end { count += 1 }
      return .skip(count: count)
    }
    let end = bytes.firstIndex(of: Self.end, from: searched.value)
    while let escape = bytes.firstIndex(of: Self.escape, from: searched.value, upTo: end) {
      try judge(length: escape - escapes.value + 1)
      guard escape + 1 < bytes.count else {
        searched.value = escape
        // The other half; at the end it is known that an END is missing, too.
        return .needs(count: atEnd ? 2 : 1)
      }
      guard bytes[escape + 1] == Self.escapedEnd || bytes[escape + 1] == Self.escapedEscape else {
        throw .malformed("an escape of a byte that needs none", value: UInt64(bytes[escape + 1]))
      }
      searched.value = escape + 2
      escapes.value += 1
    }
    searched.value = end ?? bytes.count
    try judge(length: searched.value - escapes.value)
    guard let end else { return .needs(count: 1) }
    defer { (searched.value, escapes.value) = (0, 0) }
    return escapes.value == 0
      ? .frame(payload: 0..<end, wireLength: end + 1) : .escapedFrame(payload: 0..<end, wireLength: end + 1)
  }

  /// Undoes the escapes, in place. Linear in the payload.
  public func unescape(_ payload: inout MutableSpan<UInt8>) -> Int {
    var written = 0
    var read = 0
    while let escape = payload.span.firstIndex(of: Self.escape, from: read) {
      payload.move(read..<escape, to: written)
      written += escape - read
      payload[written] = payload[escape + 1] == Self.escapedEnd ? Self.end : Self.escape
      written += 1
      read = escape + 2
    }
    payload.move(read..<payload.count, to: written)
    return written + payload.count - read
  }

  /// Appends `payload`, escaped, and END; none in front.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` for an empty payload.
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard !payload.isEmpty else { throw .unencodable("there is no empty frame in this framing") }
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    var plain = 0
    for index in 0..<payload.count where payload[index] == Self.end || payload[index] == Self.escape {
      wire.append(payload.extracting(plain..<index))
      wire.append(Self.escape)
      wire.append(payload[index] == Self.end ? Self.escapedEnd : Self.escapedEscape)
      plain = index + 1
    }
    wire.append(payload.extracting(plain..<payload.count))
    wire.append(Self.end)
  }

  @inlinable
  internal func judge(length: Int) throws(FrameFault) {
    guard length <= limit else { throw .tooLong(length: nil, limit: limit) }
  }
}

#if !hasFeature(Embedded)
extension SLIPFramer: SpecifiedFramer {
  /// `slip`
  public static var specName: String { "slip" }
  /// What the framing is, in one line.
  public static var summary: String { "up to the byte C0, which is escaped in the payload (RFC 1055)" }

  /// `max=N`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      limit: try options.integer(
        "max", in: 1...(.max), default: Self().limit, "longest message in bytes, without escapes"))
  }

  /// `max=N`
  public var specOptions: [FramerSpec.Option] { limit == Self().limit ? [] : [.init("max", limit)] }
}
#endif
