/// Where a frame lies.
public struct FrameLocation: Hashable, Sendable {
  /// The offset of its first byte in the stream.
  public let offset: UInt64
  /// How many bytes it has on the wire.
  public let wireLength: Int
  /// Where its payload lies, counted from the frame's first byte; before it is the header, behind it the trailer.
  ///
  /// As it stands on the wire: of a framing that escapes, with the escapes.
  public let payload: Range<Int>

  /// A place in a stream.
  @inlinable
  public init(offset: UInt64, wireLength: Int, payload: Range<Int>) {
    self.offset = offset
    self.wireLength = wireLength
    self.payload = payload
  }
}
