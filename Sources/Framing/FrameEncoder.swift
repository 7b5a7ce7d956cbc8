/// Messages in, framed bytes out.
///
/// ```swift
/// var encoder = FrameEncoder(LengthPrefixedFramer())
/// try encoder.append("hi".utf8)
/// let sent = encoder.withBytes { socket.send($0) }      // 00 00 00 02 68 69
/// encoder.removeFirst(sent)
/// ```
///
/// A message that the framer's own decoder would misread is refused before one byte of it is written.
public struct FrameEncoder<F: Framer>: ~Copyable, Sendable {
  /// The rule that decides.
  @inlinable public var framer: F { rule }

  @usableFromInline internal var rule: F

  /// How many bytes of the stream lie before the next frame: all that were ever encoded.
  @inlinable public var offset: UInt64 { written }

  @usableFromInline internal var written: UInt64 = 0
  /// The offset at which this framing began.
  @usableFromInline internal var beginning: UInt64 = 0
  @usableFromInline package var buffer = FrameBuffer()

  /// An encoder at the beginning of a stream.
  @inlinable
  public init(_ framer: F) { self.rule = framer }

  /// Frames `message` and appends it to the bytes to send.
  ///
  /// - Throws: ``FramingError`` if the framing cannot carry the message; nothing was written then, and other
  ///   messages can follow.
  /// - Complexity: linear in the message; amortised, no allocation.
  @inlinable
  @inline(__always)
  public mutating func append(_ message: Span<UInt8>) throws(FramingError) {
    let before = buffer.count
    do throws(FrameFault) {
      guard !rule.endsWithStream || offset == beginning else { throw .unencodable(Self.secondMessage) }
      try rule.encode(message, into: &buffer)
    } catch {
      buffer.removeLast(buffer.count - before)
      throw FramingError(error, at: offset)
    }
    written &+= UInt64(truncatingIfNeeded: buffer.count &- before)
  }

  /// Frames `message` and appends it to the bytes to send.
  ///
  /// - Throws: As ``append(_:)-(Span<UInt8>)``.
  @inlinable
  public mutating func append(_ message: some Collection<UInt8>) throws(FramingError) {
    let result = message.withSpan { bytes -> Result<Void, FramingError> in
      do throws(FramingError) { return .success(try append(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// The framed bytes that wait to be sent, with another framing for the messages behind them; the offset goes on.
  ///
  /// The counterpart of ``FrameDecoder/changing(to:)``; constant time, too.
  @inlinable
  public consuming func changing<G: Framer>(to framer: G) -> FrameEncoder<G> {
    FrameEncoder<G>(framer, continuing: buffer, offset: offset)
  }

  @inlinable
  internal init(_ framer: F, continuing buffer: consuming FrameBuffer, offset: UInt64) {
    self.rule = framer
    self.buffer = buffer
    self.written = offset
    self.beginning = offset
  }

  /// The number of framed bytes that wait to be sent.
  @inlinable
  public var count: Int { buffer.count }

  /// Calls `body` with the framed bytes that wait to be sent, oldest first. Constant time, no copy.
  @inlinable
  public func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try buffer.withBytes(body)
  }

  /// Removes the first `count` framed bytes, once they were sent; at most ``count``. Constant time.
  @inlinable
  public mutating func removeFirst(_ count: Int) { buffer.removeFirst(count) }

  /// Removes and returns the framed bytes that wait to be sent; empty if there are none. Linear time, one allocation.
  public mutating func takeBytes() -> [UInt8] {
    defer { buffer.removeAll(keepingCapacity: true) }
    return buffer.withBytes { [UInt8](copying: $0) }
  }

  /// How many bytes of memory the encoder holds for what is to be sent.
  @inlinable
  public var capacity: Int { buffer.capacity }

  /// Exchanges the encoder's memory. See ``FrameBuffer/exchange(with:carrying:)``.
  @inlinable
  public mutating func exchangeBuffer(with spare: inout FrameBuffer) { buffer.exchange(with: &spare) }

  /// Drops the framed bytes that wait to be sent, and their memory.
  public mutating func removeAll() { buffer.removeAll() }

  @usableFromInline
  internal static var secondMessage: FrameFault.Reason {
    "only the end of the stream ends a message, so a stream carries one"
  }
}
