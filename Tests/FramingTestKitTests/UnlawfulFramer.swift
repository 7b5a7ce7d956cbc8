import Framing

/// STX, up to `limit` bytes of which none is ETX, ETX; with a vice of your choice. It keeps its scan position.
struct UnlawfulFramer: Framer {
  enum Vice: CaseIterable, Sendable {
    case none
    /// No message can be encoded.
    case takesNothing
    /// A frame of no bytes.
    case emptyFrame
    /// A frame that reaches beyond the bytes shown.
    case longFrame
    /// A payload that reaches beyond its frame.
    case longPayload
    /// Bytes that were not shown are skipped.
    case longSkip
    /// Nothing is skipped, again and again.
    case emptySkip
    /// No further byte is needed, and yet there is no frame.
    case needsNothing
    /// More bytes are needed than can be counted.
    case needsEverything
    /// The message is longer without its escapes than with them.
    case growingMessage
    /// A fault is left out by dropping bytes that were not shown.
    case longRecovery
    /// A fault is left out by dropping nothing, again and again.
    case stuckRecovery
    /// Behind a frame that is left out, everything is left out.
    case neverRecovers
    /// What has come is taken for the message if it is at least four bytes.
    case takesWhatCame
    /// A fault tells how many bytes happened to be there.
    case cutDependentFault
    /// One byte more is waited for, in vain if nobody sends one.
    case waitsForMore
    /// The message comes without its last byte.
    case losesByte
    /// The message holds ETX, and is encoded all the same.
    case encodesDelimiter
    /// A fault after some bytes were written.
    case writesThenFails
    /// Bytes that others have written are overwritten.
    case clearsBuffer
    /// A message is refused as if it were a stream that cannot be decoded.
    case refusesAsMalformed
    /// All that has come belongs to the frame.
    case swallowsRest
    /// The last frame of what has come is answered.
    case takesLastEnd
    /// The limit is judged when ETX is there.
    case judgesLate
    /// There is no limit for the decoder.
    case neverJudges
    /// Neither `encode` nor `scan` has a limit.
    case neverRefuses
    /// A message of one byte more than the limit is encoded.
    case allowsOneMore
    /// A message as long as the limit is refused by the decoder.
    case refusesLimit
    /// A fault after a byte was written, if the message is too long.
    case writesThenRefusesLength
    /// Two bytes are asked for where one may do.
    case overstates
    /// The shortest frame is asked for, but after STX, not before.
    case overstatesOnce
    /// An unterminated frame at the end is dropped.
    case dropsTail
    /// An unterminated frame at the end is delivered, without its STX.
    case deliversTail
    /// STX is dropped, and remembered, so that an end behind it is a clean one.
    case skipsHeader
    /// An error at the end, whether or not anything is there.
    case wrongStartIsFineLater
    /// The scan position stays where it was behind a frame.
    case keepsPosition
    /// Every call searches from the front.
    case searchesAgain
    /// Copies share the scan position.
    case sharesPosition
  }

  final class Shared: @unchecked Sendable {
    var searched = 1
  }

  static let stx: UInt8 = 2
  static let etx: UInt8 = 3

  let vice: Vice
  let limit: Int
  private var searched = 1
  private var hasHeader = false
  private var isDiscarding = false
  private let shared = Shared()

  init(_ vice: Vice, limit: Int = 2000) {
    self.vice = vice
    self.limit = limit
  }

  mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    let count = bytes.count
    if vice == .neverRecovers && isDiscarding { return .skip(count: count) }
    if vice == .skipsHeader { return try scanWithoutHeader(bytes) }
    guard bytes[0] == Self.stx else {
      if vice == .wrongStartIsFineLater && count > 3 { return .skip(count: count) }
      if vice == .longSkip { return .skip(count: count + 1) }
      if vice == .emptySkip { return .skip(count: 0) }
      throw .malformed("no STX", value: UInt64(vice == .cutDependentFault ? UInt8(count & 0xFF) : bytes[0]))
    }
    if vice == .takesWhatCame && count >= 4 { return .frame(payload: 1..<count, wireLength: count) }
    if vice == .overstatesOnce && count == 1 { return .needs(count: 2) }
    guard let end = try find(bytes) else {
      if vice == .deliversTail && atEnd { return .frame(payload: 1..<count, wireLength: count) }
      if vice == .dropsTail && atEnd { return .skip(count: count) }
      if vice == .needsNothing { return .needs(count: 0) }
      if vice == .needsEverything { return .needs(count: .max) }
      return .needs(count: vice == .overstates ? 2 : 1)
    }
    if vice == .waitsForMore && count == end + 1 && !atEnd { return .needs(count: 1) }
    if vice != .keepsPosition { searched = 1 }
    if vice == .sharesPosition { shared.searched = 1 }
    switch vice {
    case .emptyFrame: return .frame(payload: 0..<0, wireLength: 0)
    case .longFrame: return .frame(payload: 1..<end, wireLength: count + 1)
    case .longPayload: return .frame(payload: 1..<end + 2, wireLength: end + 1)
    case .growingMessage: return .escapedFrame(payload: 1..<end, wireLength: end + 1)
    case .losesByte where end > 1: return .frame(payload: 1..<end - 1, wireLength: end + 1)
    case .swallowsRest: return .frame(payload: 1..<end, wireLength: count)
    default: return .frame(payload: 1..<end, wireLength: end + 1)
    }
  }

  func unescape(_ payload: inout MutableSpan<UInt8>) -> Int { payload.count + 1 }

  mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? {
    switch vice {
    case .longRecovery: return bytes.count + 1
    case .stuckRecovery: return 0
    case .neverRecovers:
      (isDiscarding, searched) = (true, 1)
      return 1
    default: return nil
    }
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard vice != .takesNothing else { throw .unencodable("not today") }
    if vice == .clearsBuffer { wire.removeAll() }
    if vice == .writesThenFails { wire.append(Self.stx) }
    guard payload.count <= (vice == .allowsOneMore ? limit + 1 : limit) || vice == .neverRefuses else {
      if vice == .writesThenRefusesLength { wire.append(Self.stx) }
      if vice == .refusesAsMalformed { throw .malformed("too long") }
      throw .tooLong(length: UInt64(payload.count), limit: limit)
    }
    for index in 0..<payload.count where payload[index] == Self.etx && vice != .encodesDelimiter {
      throw .unencodable("ETX in the message")
    }
    if vice != .writesThenFails { wire.append(Self.stx) }
    wire.append(payload)
    wire.append(Self.etx)
  }

  /// Where ETX is.
  private mutating func find(_ bytes: Span<UInt8>) throws(FrameFault) -> Int? {
    var index = vice == .searchesAgain ? 1 : vice == .sharesPosition ? shared.searched : searched
    if vice == .keepsPosition { index = min(index, bytes.count) }
    while index < bytes.count, bytes[index] != Self.etx { index += 1 }
    if vice == .takesLastEnd, index < bytes.count {
      for later in index..<bytes.count where bytes[later] == Self.etx { index = later }
    }
    searched = index
    if vice == .sharesPosition { shared.searched = index }
    let isThere = index < bytes.count
    let most = vice == .refusesLimit ? limit - 1 : limit
    if index - 1 > most, vice != .neverJudges, vice != .neverRefuses, vice != .judgesLate || isThere {
      throw .tooLong(length: nil, limit: limit)
    }
    return isThere ? index : nil
  }

  private mutating func scanWithoutHeader(_ bytes: Span<UInt8>) throws(FrameFault) -> Scan {
    if !hasHeader {
      guard bytes[0] == Self.stx else { throw .malformed("no STX", value: UInt64(bytes[0])) }
      hasHeader = true
      return .skip(count: 1)
    }
    for index in 0..<bytes.count {
      if index > limit { throw .tooLong(length: nil, limit: limit) }
      guard bytes[index] == Self.etx else { continue }
      hasHeader = false
      return .frame(payload: 0..<index, wireLength: index + 1)
    }
    if bytes.count > limit { throw .tooLong(length: nil, limit: limit) }
    return .needs(count: 1)
  }
}
