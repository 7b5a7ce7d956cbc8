/// Frames that end with a zero byte and hold none: consistent overhead byte stuffing.
///
///     | code c: 1 byte | c - 1 bytes, none of them 00 | code | ... | 00 |
///
/// The payload is cut at its zeros. Each piece, of at most 254 bytes, stands behind a code that is its length and one
/// more; the zero that followed it is left out, except that behind a code of FF there was none. `03 68 69 00` carries
/// "hi", `01 00` an empty message, `01 01 00` one zero byte. A zero alone is no frame. A code that reaches past the end
/// of its frame is malformed. A last piece of 254 bytes is sent without an empty one behind it, and received with or
/// without it.
///
/// The limit counts the message, not its codes. Source: S. Cheshire and M. Baker, "Consistent Overhead Byte Stuffing",
/// 1997. See PROTOCOL.md, "COBS".
public struct COBSFramer: Framer, Hashable {
  /// The longest message to accept or send, in bytes, without codes.
  public let limit: Int

  /// The index of the next code, or of the zero at the end; codes before it are judged.
  @usableFromInline internal var nextCode = ScanState(0)
  /// How many bytes the message has as far as the codes tell.
  @usableFromInline internal var length = ScanState(0)
  /// Whether a zero was left out at `nextCode`, if there is a further piece.
  @usableFromInline internal var hidesZero = ScanState(false)
  /// No zero stands before this index.
  @usableFromInline internal var searched = ScanState(0)

  /// Messages of at most `limit` bytes, 1 MiB unless told otherwise.
  @inlinable
  public init(limit: Int = 1 << 20) {
    precondition(limit >= 0, "a limit of \(limit) bytes leaves room for no message")
    self.limit = limit
  }

  /// Goes from code to code, from where the last call stopped. Linear in the new bytes.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, without a length, at the code that announces a byte beyond the
  ///   limit; ``FrameFault/malformed(_:value:)`` for a zero before the end that a code announces.
  @inlinable
  public mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    if bytes[0] == 0 {
      var count = 1
      while count < bytes.count && bytes[count] == 0 { count += 1 }
      return .skip(count: count)
    }
    while true {
      // The bytes of the last piece first.
      let piece = min(nextCode.value, bytes.count)
      if let zero = bytes.firstIndex(of: 0, from: searched.value, upTo: piece) {
        throw .malformed(
          "a code reaches past the end of its frame, by so many bytes", value: UInt64(nextCode.value - zero))
      }
      searched.value = piece
      guard nextCode.value < bytes.count else {
        // At the end it is known that the rest of the piece and the zero are missing.
        return .needs(count: atEnd ? nextCode.value + 1 - bytes.count : 1)
      }
      let code = Int(bytes[nextCode.value])
      if code == 0 { return frame(endingAt: nextCode.value, isOnePiece: Int(bytes[0]) == nextCode.value) }
      length.value += code - 1 + (hidesZero.value ? 1 : 0)
      guard length.value <= limit else { throw .tooLong(length: nil, limit: limit) }
      hidesZero.value = code < 255
      nextCode.value += code
      searched.value += 1
    }
  }

  /// Puts the zeros back, in place. Linear in the payload.
  public func unescape(_ payload: inout MutableSpan<UInt8>) -> Int {
    var written = 0
    var read = 0
    while read < payload.count {
      let code = Int(payload[read])
      payload.move(read + 1..<read + code, to: written)
      written += code - 1
      read += code
      if code < 255 && read < payload.count {
        payload[written] = 0
        written += 1
      }
    }
    return written
  }

  /// Appends `payload` in pieces behind their codes, and a zero.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``.
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    var start = 0
    while true {
      let longest = min(start + 254, payload.count)
      let end = payload.firstIndex(of: 0, from: start, upTo: longest) ?? longest
      wire.append(UInt8(end - start + 1))
      wire.append(payload.extracting(start..<end))
      if end == payload.count { break }
      start = end - start == 254 ? end : end + 1
    }
    wire.append(0)
  }

  @inlinable
  internal mutating func frame(endingAt end: Int, isOnePiece: Bool) -> Scan {
    (nextCode.value, length.value, hidesZero.value, searched.value) = (0, 0, false, 0)
    // One piece already is the message.
    return isOnePiece
      ? .frame(payload: 1..<end, wireLength: end + 1) : .escapedFrame(payload: 0..<end, wireLength: end + 1)
  }
}

#if !hasFeature(Embedded)
extension COBSFramer: SpecifiedFramer {
  /// `cobs`
  public static var specName: String { "cobs" }
  /// What the framing is, in one line.
  public static var summary: String { "up to a zero byte, with the payload's zeros stuffed (COBS)" }

  /// `max=N`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      limit: try options.integer(
        "max", in: 0...(.max), default: Self().limit, "longest message in bytes, without codes"))
  }

  /// `max=N`
  public var specOptions: [FramerSpec.Option] { limit == Self().limit ? [] : [.init("max", limit)] }
}
#endif
