/// Lines that end with LF; a CR before it belongs to the line's end, too. Lenient, unless `isStrict`.
///
///     | payload: 0...limit bytes | LF |
///     | payload: 0...limit bytes | CR LF |
///
/// `68 69 0A 61 0D 0A 0A` carries "hi", "a" and an empty line. A CR elsewhere is payload. Bytes behind the last line
/// end are the last line, as in most text files; with ``FinalFrame/error`` they are a truncated one. A lone CR at the
/// close is payload: the peer sent it.
///
/// Taking a lone LF for a line end is what lets one program see two commands where another sees one (SMTP smuggling,
/// CVE-2023-51764). A protocol whose lines end with CR LF should say `isStrict: true`: a CR or an LF alone is malformed
/// then. RFC 5321, 2.3.8 is such a protocol; newline-delimited JSON is a lenient one. See PROTOCOL.md, "Lines".
public struct LineFramer: Framer, Hashable {
  /// Whether only CR LF ends a line, and a CR or an LF alone is malformed.
  public let isStrict: Bool
  /// What to do with bytes behind the last line end when the stream ends.
  public let finalFrame: FinalFrame
  /// The longest line to accept or send, in bytes, without its end.
  public let limit: Int
  /// What to do about a longer one.
  public let tooLongFrame: TooLongFrame

  /// No line ends before this index of the unread bytes.
  @usableFromInline internal var searched = ScanState(0)
  /// Whether the bytes up to the next line end belong to a line that is left out.
  @usableFromInline internal var isDiscarding = ScanState(false)

  /// Lines of at most `limit` bytes, 1 MiB unless told otherwise.
  ///
  /// - Parameters:
  ///   - isStrict: Whether only CR LF ends a line, and a CR or an LF alone is malformed.
  ///   - finalFrame: What to do with bytes behind the last line end when the stream ends.
  ///   - limit: The longest line, without its end.
  ///   - tooLongFrame: What to do about a longer one. What is left out is not judged: LF, or CR LF if strict, ends it.
  @inlinable
  public init(
    isStrict: Bool = false, finalFrame: FinalFrame = .deliver, limit: Int = 1 << 20,
    tooLongFrame: TooLongFrame = .fail
  ) {
    precondition(limit >= 0, "a limit of \(limit) bytes leaves room for no line")
    self.isStrict = isStrict
    self.finalFrame = finalFrame
    self.limit = limit
    self.tooLongFrame = tooLongFrame
  }

  /// Searches from where the last call stopped. Linear in the new bytes.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, without a length, as soon as no line end can begin within the
  ///   limit; ``FrameFault/malformed(_:value:)``, if strict, for a CR or an LF alone.
  @inlinable
  public mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    if isDiscarding.value { return discard(bytes, atEnd: atEnd) }
    let feed =
      isStrict ? try strictFeed(in: bytes, atEnd: atEnd) : bytes.firstIndex(of: .lf, from: searched.value)
    if let feed {
      return try line(endingAt: feed > 0 && bytes[feed - 1] == .cr ? feed - 1 : feed, wireLength: feed + 1)
    }
    if atEnd && finalFrame == .deliver { return try line(endingAt: bytes.count, wireLength: bytes.count) }
    // The last byte may be the CR of a line end.
    let certain = bytes[bytes.count - 1] == .cr ? bytes.count - 1 : bytes.count
    searched.value = certain
    guard certain <= limit else { throw .tooLong(length: nil, limit: limit) }
    return .needs(count: 1)
  }

  /// Leaves out a line that is too long, up to and with its end, if told so.
  public mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? {
    guard tooLongFrame == .discard, case .tooLong = fault else { return nil }
    isDiscarding.value = true
    defer { searched.value = 0 }
    return max(searched.value, 1)  // More than the limit is there, and its first byte ends nothing.
  }

  /// Whether the bytes up to the next line end belong to a frame that is left out.
  public var isLeavingOut: Bool { isDiscarding.value }

  /// Appends `payload` and LF, or CR LF if strict.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` if the payload holds an
  ///   LF or ends with a CR; if strict, also for a CR anywhere.
  @inlinable
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    guard payload.firstIndex(of: .lf, from: 0) == nil else {
      throw .unencodable("the line holds a line feed", value: UInt64(UInt8.lf))
    }
    if isStrict {
      guard payload.firstIndex(of: .cr, from: 0) == nil else {
        throw .unencodable("the line holds a carriage return", value: UInt64(UInt8.cr))
      }
    } else if !payload.isEmpty && payload[payload.count - 1] == .cr {
      throw .unencodable(
        "the line ends with a carriage return, which its end would take", value: UInt64(UInt8.cr))
    }
    wire.append(payload)
    if isStrict { wire.append(.cr) }
    wire.append(.lf)
  }

  @inlinable
  internal mutating func line(endingAt end: Int, wireLength: Int) throws(FrameFault) -> Scan {
    searched.value = end
    guard end <= limit else { throw .tooLong(length: nil, limit: limit) }
    searched.value = 0
    return .frame(payload: 0..<end, wireLength: wireLength)
  }

  /// The index of the LF of the first CR LF, if it is there; a byte of one without the other is malformed, unless the
  /// line is too long before it.
  @inlinable
  internal func strictFeed(in bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Int? {
    let cr = bytes.firstIndex(of: .cr, from: searched.value)
    if let lf = bytes.firstIndex(of: .lf, from: searched.value, upTo: cr) {
      guard lf <= limit else { throw .tooLong(length: nil, limit: limit) }
      throw .malformed("a line feed without a carriage return before it", value: UInt64(UInt8.lf))
    }
    guard let cr else { return nil }
    let isLast = cr == bytes.count - 1
    if isLast && !(atEnd && finalFrame == .deliver) { return nil }
    if !isLast && bytes[cr + 1] == .lf { return cr + 1 }
    guard cr <= limit else { throw .tooLong(length: nil, limit: limit) }
    throw .malformed("a carriage return without a line feed behind it", value: UInt64(UInt8.cr))
  }

  /// Drops what is there of the line that is left out.
  @inlinable
  internal mutating func discard(_ bytes: Span<UInt8>, atEnd: Bool) -> Scan {
    var position = 0
    while let feed = bytes.firstIndex(of: .lf, from: position) {
      if !isStrict || feed > 0 && bytes[feed - 1] == .cr {
        isDiscarding.value = false
        return .skip(count: feed + 1)
      }
      position = feed + 1
    }
    // A CR at the end is kept: with an LF behind it, it ends the line.
    let count = bytes[bytes.count - 1] == .cr && !atEnd ? bytes.count - 1 : bytes.count
    return count > 0 ? .skip(count: count) : .needs(count: 1)
  }
}

extension UInt8 {
  /// Line feed.
  @inlinable internal static var lf: UInt8 { 0x0A }
  /// Carriage return.
  @inlinable internal static var cr: UInt8 { 0x0D }
}

#if !hasFeature(Embedded)
extension LineFramer: SpecifiedFramer {
  /// `lines`
  public static var specName: String { "lines" }
  /// What the framing is, in one line.
  public static var summary: String { "up to a line feed; a carriage return before it is stripped, too" }

  /// `strict=true,final=error,max=N,on-too-long=discard`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      isStrict: try options.flag(
        "strict", "whether only CR LF ends a line, and a lone CR or LF is malformed"),
      finalFrame: try options.choice(
        "final", of: [.deliver, .error], default: .deliver, "what to do with bytes behind the last line end"),
      limit: try options.integer(
        "max", in: 0...(.max), default: Self().limit, "longest line in bytes, without its end"),
      tooLongFrame: try options.choice(
        "on-too-long", of: [.fail, .discard], default: .fail, "what to do about a longer line"))
  }

  /// `strict=true,final=error,max=N,on-too-long=discard`
  public var specOptions: [FramerSpec.Option] {
    var options: [FramerSpec.Option] = []
    if isStrict { options.append(.init("strict", true)) }
    if finalFrame != .deliver { options.append(.init("final", finalFrame.rawValue)) }
    if limit != Self().limit { options.append(.init("max", limit)) }
    if tooLongFrame != .fail { options.append(.init("on-too-long", tooLongFrame.rawValue)) }
    return options
  }
}
#endif
