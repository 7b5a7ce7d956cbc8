import Framing

/// One byte of length, at most `limit`, and that many of payload; with a bug of your choice.
struct BrokenFramer: Framer {
  enum Bug: CaseIterable {
    case none
    /// The payload misses its last byte.
    case shortPayload
    /// A frame takes one byte too many from the stream.
    case longFrame
    /// A frame is delivered only when a byte of the next one is there.
    case late
    /// As late, but only where a frame did not arrive in one piece.
    case lateAfterCut
    /// A message is delivered without its last byte having come.
    case early
    /// Half a frame is called truncated before the end.
    case truncatedEarly
    /// What has come of a payload is taken for all of it.
    case cutDependent
    /// The error tells how many bytes happened to be there.
    case cutDependentError
    /// The length is dropped before it is judged, so that the error is one byte too far.
    case wrongOffset
    /// The error names another limit.
    case wrongNumber
    /// Any length is fine.
    case noLimit
    /// The limit is judged when the payload is there.
    case lateLimit
    /// Half a frame at the end is a message.
    case deliversTail
    /// Bytes at the end are dropped.
    case dropsTail
    /// The length counts itself when encoding.
    case wrongEncoding
    /// Nothing can be encoded.
    case noEncoding
  }

  let bug: Bug
  let limit = 5
  private var attempts = 0

  init(_ bug: Bug) { self.bug = bug }

  mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    attempts += 1
    let length = Int(bytes[0])
    let wireLength = 1 + length
    let isWhole = bytes.count >= wireLength
    if length > limit && bug != .noLimit && (isWhole || bug != .lateLimit) {
      if bug == .wrongOffset { return try wrongOffset(bytes) }
      let said = bug == .cutDependentError ? bytes.count : length
      throw .tooLong(length: UInt64(said), limit: bug == .wrongNumber ? 6 : limit)
    }
    if !isWhole {
      if bug == .truncatedEarly && bytes.count > 1 {
        throw .truncated(received: bytes.count, expected: wireLength)
      }
      if (bug == .cutDependent || bug == .early && bytes.count == length) && bytes.count > 1 {
        return frame(1..<bytes.count, bytes.count)
      }
      if bug == .deliversTail && atEnd { return frame(1..<bytes.count, bytes.count) }
      if bug == .dropsTail && atEnd { return .skip(count: bytes.count) }
      return .needs(count: wireLength - bytes.count)
    }
    if bug == .late || bug == .lateAfterCut && attempts > 1, bytes.count == wireLength, !atEnd {
      return .needs(count: 1)
    }
    if bug == .shortPayload { return frame(1..<max(1, wireLength - 1), wireLength) }
    if bug == .longFrame { return frame(1..<wireLength, min(wireLength + 1, bytes.count)) }
    return frame(1..<wireLength, wireLength)
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    guard bug != .noEncoding else { throw .unencodable("not today") }
    wire.append(UInt8(payload.count + (bug == .wrongEncoding ? 1 : 0)))
    wire.append(payload)
  }

  private mutating func frame(_ payload: Range<Int>, _ wireLength: Int) -> Scan {
    attempts = 0
    return .frame(payload: payload, wireLength: wireLength)
  }

  /// Skips bytes until it can complain about the last one.
  private mutating func wrongOffset(_ bytes: Span<UInt8>) throws(FrameFault) -> Scan {
    guard bytes[0] == 6 else { throw .tooLong(length: 6, limit: limit) }
    guard bytes.count > 1 else { return .needs(count: 1) }
    return .skip(count: 1)
  }
}

/// A length of one byte that counts itself, at most five bytes behind it; longer frames are left out, with a bug of
/// your choice.
struct DiscardingFramer: Framer {
  enum Bug {
    case none
    /// An error is final after all.
    case final
    /// Of a frame that is left out, only the header goes.
    case headerOnly
    /// Nothing of the frame goes, and it is reported again.
    case nothing
    /// Also a malformed frame is left out.
    case malformed
    /// The second error tells how many bytes happened to be there.
    case cutDependentError
  }

  let bug: Bug
  private var base = LengthPrefixedFramer(width: 1, adjustment: -1, limit: 5, tooLongFrame: .discard)

  init(_ bug: Bug) { self.bug = bug }

  mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    do throws(FrameFault) {
      return try base.scan(bytes, atEnd: atEnd)
    } catch {
      guard bug == .cutDependentError, bytes[0] == 9 else { throw error }
      throw .tooLong(length: UInt64(bytes.count), limit: 5)
    }
  }

  mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? {
    switch bug {
    case .final: nil
    case .headerOnly: 1
    case .nothing: 0
    case .malformed: base.recover(from: fault, in: bytes) ?? 1
    case .none, .cutDependentError: base.recover(from: fault, in: bytes)
    }
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    try base.encode(payload, into: &wire)
  }
}
