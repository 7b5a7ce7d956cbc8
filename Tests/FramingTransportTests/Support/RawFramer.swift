import Framing

/// No framing at all: bytes go out as they are and come in as they came. For peers that misbehave.
struct RawFramer: Framer {
  func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    .frame(payload: 0..<bytes.count, wireLength: bytes.count)
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    wire.append(payload)
  }
}
