/// Frames of one size, without a header.
///
///     | payload: `size` bytes | payload: `size` bytes | ...
///
/// With size 3, `61 62 63 64 65 66` carries "abc" and "def". There is no empty frame. A stream that ends
/// within a frame is truncated. Ours; see PROTOCOL.md, "Fixed length".
public struct FixedLengthFramer: Framer, Hashable {
  /// The number of bytes in each frame, at least 1; it is the limit, too.
  public let size: Int

  /// Frames of `size` bytes.
  @inlinable
  public init(size: Int) {
    precondition(size >= 1, "a frame of \(size) bytes cannot be told from no frame; the size is 1 or more")
    self.size = size
  }

  /// Finds the first `size` bytes. Constant time.
  ///
  /// - Throws: Nothing: any bytes will do.
  @inlinable
  public func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    bytes.count >= size ? .frame(payload: 0..<size, wireLength: size) : .needs(count: size - bytes.count)
  }

  /// Appends `payload` as it is.
  ///
  /// - Throws: ``FrameFault/unencodable(_:value:)`` unless it holds exactly `size` bytes.
  @inlinable
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard payload.count == size else {
      throw .unencodable("the message's size is not that of the frames", value: UInt64(payload.count))
    }
    wire.append(payload)
  }
}

#if !hasFeature(Embedded)
extension FixedLengthFramer: SpecifiedFramer {
  /// `fixed-length`
  public static var specName: String { "fixed-length" }
  /// What the framing is, in one line.
  public static var summary: String { "every N bytes" }

  /// `size=N`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(size: try options.integer("size", in: 1...(.max), "bytes of each frame"))
  }

  /// `size=N`
  public var specOptions: [FramerSpec.Option] { [.init("size", size)] }
}
#endif
