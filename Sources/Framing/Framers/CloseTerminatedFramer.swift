/// One message: everything until the peer closes.
///
///     | payload: 1...limit bytes | end of the stream
///
/// A stream without a byte carries no message. Ours; see PROTOCOL.md, "Close-terminated". HTTP/1.0 bodies
/// (RFC 1945, 7.2.2), whois (RFC 3912) and finger (RFC 1288) answer in this way.
public struct CloseTerminatedFramer: Framer, Hashable {
  /// The longest payload to accept or send, in bytes.
  public let limit: Int

  /// A message of at most `limit` bytes, 16 MiB unless told otherwise.
  @inlinable
  public init(limit: Int = 16 << 20) {
    precondition(limit >= 1, "a limit of \(limit) bytes leaves room for no message")
    self.limit = limit
  }

  /// Waits for the end, then finds everything. Constant time.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)`` at the first byte beyond the limit.
  @inlinable
  public func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    guard bytes.count <= limit else { throw .tooLong(length: nil, limit: limit) }
    return atEnd ? .frame(payload: 0..<bytes.count, wireLength: bytes.count) : .needs(count: 1)
  }

  /// Appends `payload` as it is; it is the only one, and the stream must end behind it.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` for an empty
  ///   payload.
  @inlinable
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard !payload.isEmpty else { throw .unencodable("an empty stream carries no message") }
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    wire.append(payload)
  }

  /// `true`: a stream carries one message at the most.
  @inlinable
  public var endsWithStream: Bool { true }
}

#if !hasFeature(Embedded)
extension CloseTerminatedFramer: SpecifiedFramer {
  /// `close-terminated`
  public static var specName: String { "close-terminated" }
  /// What the framing is, in one line.
  public static var summary: String { "all bytes until the peer closes" }

  /// `max=N`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      limit: try options.integer("max", in: 1...(.max), default: Self().limit, "longest message in bytes"))
  }

  /// `max=N`
  public var specOptions: [FramerSpec.Option] { limit == Self().limit ? [] : [.init("max", limit)] }
}
#endif
