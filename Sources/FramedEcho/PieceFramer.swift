import Framing

/// No framing at all: what arrives in one piece is one "message".
///
/// For the demo, which wants to see the pieces. It breaks the first law of a framer, that the bytes decide and never
/// the cuts, which is why nobody should frame messages with it, and many programs do.
struct PieceFramer: Framer {
  func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    .frame(payload: 0..<bytes.count, wireLength: bytes.count)
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    wire.append(payload)
  }
}
