/// Frames that end with a byte sequence.
///
///     | payload: 0...limit bytes | delimiter |
///
/// With CR LF, `68 69 0D 0A 0D 0A` carries "hi" and an empty message. Of several delimiters the
/// longest one at the earliest place wins. A delimiter that is the beginning of another one, or of which another
/// may have begun earlier, is therefore held until the next byte, or the end, decides.
///
/// The limit never counts the delimiter, delivered or not. A frame is too long as soon as no delimiter can begin within
/// the limit any more. Ours; see PROTOCOL.md, "Delimiter".
public struct DelimiterFramer: Framer, Hashable {
  /// The delimiters; messages are sent with the first one.
  public let delimiters: [[UInt8]]
  /// Whether the delimiter is delivered with its message.
  public let keepsDelimiter: Bool
  /// What to do with bytes behind the last delimiter when the stream ends.
  public let finalFrame: FinalFrame
  /// The longest message to accept or send, in bytes, without its delimiter.
  public let limit: Int
  /// What to do about a longer one.
  public let tooLongFrame: TooLongFrame

  /// The byte that every delimiter begins with, if it is one and the same.
  @usableFromInline internal let onlyFirstByte: UInt8?
  @usableFromInline internal let firstBytes: ByteSet
  /// Whether there is one delimiter, of one byte: finding it is all there is to do.
  @usableFromInline internal let isSingleByte: Bool
  /// No delimiter begins before this index of the unread bytes.
  @usableFromInline internal var searched = ScanState(0)
  /// Whether the bytes up to the next delimiter belong to a frame that is left out.
  @usableFromInline internal var isDiscarding = ScanState(false)

  /// Frames that end with one of `delimiters`.
  ///
  /// - Parameters:
  ///   - delimiters: At least one; none is empty, and none is there twice.
  ///   - keepsDelimiter: Whether the delimiter is delivered with its message.
  ///   - finalFrame: What to do with bytes behind the last delimiter when the stream ends.
  ///   - limit: The longest message, without its delimiter, 1 MiB unless told otherwise.
  ///   - tooLongFrame: What to do about a longer one.
  public init(
    _ delimiters: [[UInt8]], keepsDelimiter: Bool = false, finalFrame: FinalFrame = .error,
    limit: Int = 1 << 20, tooLongFrame: TooLongFrame = .fail
  ) {
    precondition(!delimiters.isEmpty, "without a delimiter no frame ends")
    precondition(delimiters.allSatisfy { !$0.isEmpty }, "an empty delimiter is everywhere")
    precondition(Set(delimiters).count == delimiters.count, "a delimiter is there twice")
    precondition(limit >= 0, "a limit of \(limit) bytes leaves room for no frame")
    self.delimiters = delimiters
    self.keepsDelimiter = keepsDelimiter
    self.finalFrame = finalFrame
    self.limit = limit
    self.tooLongFrame = tooLongFrame
    var firstBytes = ByteSet()
    for delimiter in delimiters { firstBytes.insert(delimiter[0]) }
    self.firstBytes = firstBytes
    self.isSingleByte = delimiters.count == 1 && delimiters[0].count == 1
    let first = delimiters[0][0]
    self.onlyFirstByte = delimiters.allSatisfy { $0[0] == first } ? first : nil
  }

  /// Frames that end with `delimiter`, as `DelimiterFramer("\r\n")`.
  ///
  /// - Parameters:
  ///   - delimiter: The delimiter, as UTF-8; not empty.
  ///   - keepsDelimiter: Whether the delimiter is delivered with its message.
  ///   - finalFrame: What to do with bytes behind the last delimiter when the stream ends.
  ///   - limit: The longest message, without its delimiter, 1 MiB unless told otherwise.
  ///   - tooLongFrame: What to do about a longer one.
  public init(
    _ delimiter: StaticString, keepsDelimiter: Bool = false, finalFrame: FinalFrame = .error,
    limit: Int = 1 << 20, tooLongFrame: TooLongFrame = .fail
  ) {
    self.init(
      [delimiter.withUTF8Buffer { [UInt8]($0) }], keepsDelimiter: keepsDelimiter, finalFrame: finalFrame,
      limit: limit, tooLongFrame: tooLongFrame)
  }

  /// Searches from where the last call stopped. Linear in the new bytes.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, without a length, as soon as no delimiter can begin within
  ///   the limit.
  @inlinable
  public mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    /// The first place where a delimiter may have begun, if its other bytes were to come.
    var pending: Int?
    var position = searched.value
    while pending == nil || atEnd, let candidate = firstCandidate(in: bytes, from: position) {
      let (longest, undecided) = match(in: bytes, at: candidate)
      if longest > 0 && (atEnd || !undecided) { return try frame(endingAt: candidate, delimiter: longest) }
      if undecided && pending == nil { pending = candidate }
      position = candidate + 1
    }
    if atEnd && finalFrame == .deliver { return try frame(endingAt: bytes.count, delimiter: 0) }
    searched.value = pending ?? bytes.count
    if isDiscarding.value { return discard(bytes.count, atEnd: atEnd) }
    guard searched.value <= limit else { throw .tooLong(length: nil, limit: limit) }
    return .needs(count: 1)
  }

  /// Leaves out a frame that is too long, up to and with its delimiter, if told so.
  public mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? {
    guard tooLongFrame == .discard, case .tooLong = fault else { return nil }
    isDiscarding.value = true
    defer { searched.value = 0 }
    return max(searched.value, 1)  // More than the limit is there, and its first byte ends nothing.
  }

  /// Whether the bytes up to the next delimiter belong to a frame that is left out.
  public var isLeavingOut: Bool { isDiscarding.value }

  /// Appends `payload` and the first delimiter; or, with ``keepsDelimiter``, `payload`, which has to end
  /// with a delimiter.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` if the payload
  ///   holds a delimiter, or if the bytes of the next message could make another delimiter of its end
  ///   (with CR and CR LF, put CR LF first).
  @inlinable
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard keepsDelimiter || payload.count <= limit else {
      throw .tooLong(length: UInt64(payload.count), limit: limit)
    }
    let start = wire.count
    wire.append(payload)
    if !keepsDelimiter { wire.append(delimiters[0]) }
    // The decoder's own rule is the judge of what the decoder would make of this.
    var reader = self
    (reader.searched.value, reader.isDiscarding.value) = (0, false)
    let wireLength = wire.count - start
    let found: Scan?
    do throws(FrameFault) {
      found = try wire.withBytes { framed throws(FrameFault) in
        try reader.scan(framed.extracting(droppingFirst: start), atEnd: false)
      }
    } catch {
      wire.removeLast(wireLength)
      throw error  // Too long: only with `keepsDelimiter` was that not judged above.
    }
    guard found == .frame(payload: 0..<payload.count, wireLength: wireLength) else {
      wire.removeLast(wireLength)
      throw .unencodable(
        keepsDelimiter
          ? "the message is not one frame that ends with its delimiter"
          : "the message holds a delimiter, or its end could be read as another one")
    }
  }

  @inlinable
  internal mutating func frame(endingAt end: Int, delimiter: Int) throws(FrameFault) -> Scan {
    if isDiscarding.value {
      searched.value = 0
      isDiscarding.value = false
      return .skip(count: end + delimiter)
    }
    guard end <= limit else {
      searched.value = end
      throw .tooLong(length: nil, limit: limit)
    }
    searched.value = 0
    return .frame(payload: 0..<(keepsDelimiter ? end + delimiter : end), wireLength: end + delimiter)
  }

  /// Drops what lies before the delimiter of the frame that is left out: at the end, everything.
  @inlinable
  internal mutating func discard(_ available: Int, atEnd: Bool) -> Scan {
    let count = atEnd ? available : searched.value
    searched.value = 0
    return count > 0 ? .skip(count: count) : .needs(count: 1)
  }

  /// The first index at or after `start` where a delimiter may begin.
  @inlinable
  internal func firstCandidate(in bytes: Span<UInt8>, from start: Int) -> Int? {
    guard let onlyFirstByte else { return firstBytes.firstIndex(in: bytes, from: start) }
    return bytes.firstIndex(of: onlyFirstByte, from: start)
  }

  /// The length of the longest delimiter at `index`, 0 for none, and whether a longer one may be there once more
  /// bytes have come.
  @inlinable
  internal func match(in bytes: Span<UInt8>, at index: Int) -> (longest: Int, undecided: Bool) {
    if isSingleByte { return (1, false) }
    var result = (longest: 0, undecided: false)
    for delimiter in delimiters {
      let available = min(delimiter.count, bytes.count - index)
      var length = 1  // The first byte is known to match one of them, not which.
      guard bytes[index] == delimiter[0] else { continue }
      while length < available && bytes[index + length] == delimiter[length] { length += 1 }
      guard length == available else { continue }
      if length == delimiter.count {
        result.longest = max(result.longest, length)
      } else {
        result.undecided = true
      }
    }
    return result
  }
}

#if !hasFeature(Embedded)
extension DelimiterFramer: SpecifiedFramer {
  /// `delimiter`
  public static var specName: String { "delimiter" }
  /// What the framing is, in one line.
  public static var summary: String { "up to a byte sequence, or one of several" }

  private static let defaults = DelimiterFramer("\n")

  /// `bytes=…|…,keep=true,final=deliver,max=N,on-too-long=discard`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      try options.byteSequences("bytes", "the delimiters; messages are sent with the first"),
      keepsDelimiter: try options.flag("keep", "whether the delimiter is delivered with its message"),
      finalFrame: try options.choice(
        "final", of: [.error, .deliver], default: .error, "what to do with bytes behind the last delimiter"),
      limit: try options.integer(
        "max", in: 0...(.max), default: Self.defaults.limit, "longest message in bytes, without delimiter"),
      tooLongFrame: try options.choice(
        "on-too-long", of: [.fail, .discard], default: .fail, "what to do about a longer message"))
  }

  /// `bytes=…|…,keep=true,final=deliver,max=N,on-too-long=discard`
  public var specOptions: [FramerSpec.Option] {
    var options: [FramerSpec.Option] = [.init("bytes", alternatives: delimiters)]
    if keepsDelimiter { options.append(.init("keep", true)) }
    if finalFrame != .error { options.append(.init("final", finalFrame.rawValue)) }
    if limit != Self.defaults.limit { options.append(.init("max", limit)) }
    if tooLongFrame != .fail { options.append(.init("on-too-long", tooLongFrame.rawValue)) }
    return options
  }
}
#endif
