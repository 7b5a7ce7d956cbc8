import Framing

/// Two bytes of length, then the payload; with a vice of your choice.
struct UnlawfulLengthFramer: Framer {
  enum Vice: CaseIterable, Sendable {
    case none
    /// A message too long for the two bytes is encoded with the lower ones of its length.
    case wrapsLength
    /// What is there of a frame that the end has cut off is its message.
    case deliversTail
    /// What is there of a frame that the end has cut off is delivered, header and all, as whole frames are.
    case deliversTailWithHeader
  }

  let vice: Vice

  init(_ vice: Vice) { self.vice = vice }

  func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    let keepsHeader = vice == .deliversTailWithHeader
    let delivers = atEnd && (keepsHeader || vice == .deliversTail)
    let header = keepsHeader ? 0 : 2
    guard bytes.count >= 2 else {
      return delivers ? .frame(payload: min(header, 1)..<1, wireLength: 1) : .needs(count: 2 - bytes.count)
    }
    let wireLength = 2 + Int(bytes[0]) << 8 + Int(bytes[1])
    guard bytes.count >= wireLength else {
      return delivers
        ? .frame(payload: header..<bytes.count, wireLength: bytes.count)
        : .needs(count: wireLength - bytes.count)
    }
    return .frame(payload: header..<wireLength, wireLength: wireLength)
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    if vice == .deliversTailWithHeader {
      guard payload.count >= 2, payload.count == 2 + Int(payload[0]) << 8 + Int(payload[1]) else {
        throw .unencodable("the length is not that of the message")
      }
    } else {
      guard payload.count <= 65_535 || vice == .wrapsLength else {
        throw .tooLong(length: UInt64(payload.count), limit: 65_535)
      }
      wire.append(UInt64(payload.count & 0xFFFF), width: 2)
    }
    wire.append(payload)
  }
}
