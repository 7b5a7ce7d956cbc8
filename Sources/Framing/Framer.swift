/// A rule that tells where one frame ends and the next begins, in both directions.
///
/// A framer looks and answers. It never reads, waits, moves or keeps bytes: ``FrameDecoder`` owns the
/// buffer and asks again when more has arrived. What it may keep is how far it has looked, so that no
/// byte is searched twice.
///
/// A framer of your own needs two methods. This one carries one byte of length and up to 255 of payload:
///
/// ```swift
/// struct TinyFramer: Framer {
///   func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
///     let wireLength = 1 + Int(bytes[0])
///     guard bytes.count >= wireLength else { return .needs(count: wireLength - bytes.count) }
///     return .frame(payload: 1..<wireLength, wireLength: wireLength)
///   }
///   func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
///     guard payload.count <= 255 else { throw .tooLong(length: UInt64(payload.count), limit: 255) }
///     wire.append(UInt8(payload.count))
///     wire.append(payload)
///   }
/// }
/// ```
///
/// For bytes that are no frame throw ``FrameFault/malformed(_:value:)``, for a message that cannot be carried
/// ``FrameFault/unencodable(_:value:)``: `throw .malformed("the type is unknown", value: UInt64(bytes[0]))`.
///
/// The laws that every framer obeys, and that `FramerLaws` of the test kit checks for any framer, yours too:
/// the bytes decide, never the cuts; a length is judged as soon as it is known; ``Scan/needs(count:)`` never
/// overstates; what is encoded decodes to itself; hostile bytes never trap.
public protocol Framer: Sendable {
  /// Looks for one frame at the front of `bytes`.
  ///
  /// - Parameters:
  ///   - bytes: The unread bytes, oldest first; never empty. Between two calls for the same frame the
  ///     front stays and the end grows, so a scan position kept in `self` stays valid. It must be
  ///     reset when a frame, or a skip, is answered.
  ///   - atEnd: Whether the peer has closed, so that nothing can follow `bytes`. A framer whose frames
  ///     do not depend on the end ignores it: ``FrameDecoder`` turns ``Scan/needs(count:)`` at the end
  ///     into ``FrameFault/truncated(received:expected:)``.
  /// - Throws: ``FrameFault`` at the first byte that no continuation can turn into a frame.
  mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan

  /// Turns an escaped payload into its message, in place: what ``Scan/escapedFrame(payload:wireLength:)`` announced.
  ///
  /// It cannot fail: `scan` has judged every escape. A framer without escapes leaves it out.
  ///
  /// - Parameter payload: The payload as it stands on the wire; afterwards its front is the message.
  /// - Returns: The length of the message.
  func unescape(_ payload: inout MutableSpan<UInt8>) -> Int

  /// Whether, and where, decoding goes on after `scan` has thrown `fault`.
  ///
  /// A framer that can leave a frame out, because it knows or will find where the next one begins, answers how many
  /// of `bytes` to drop now, and leaves out the rest of the frame with ``Scan/skip(count:)``. The fault is
  /// reported once in any case. Unless a framer says otherwise every fault is final.
  ///
  /// - Parameters:
  ///   - fault: What `scan` has thrown.
  ///   - bytes: The bytes that it was shown.
  /// - Returns: How many of `bytes`, at least one, belong to the frame with the fault; `nil` if the fault is final.
  mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int?

  /// Whether the bytes to come belong to a frame that is being left out, which ``recover(from:in:)`` has begun.
  ///
  /// Where the framing changes in mid-stream, such a frame is left out to its end before the next framing begins.
  var isLeavingOut: Bool { get }

  /// Appends `payload`, framed, to `wire`.
  ///
  /// - Throws: ``FrameFault`` if `scan` would not give exactly `payload` back: too long, of a wrong
  ///   size, with a delimiter inside. `wire` is then as it was.
  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault)

  /// Whether only the end of the stream ends a message, so that a stream carries one at the most.
  ///
  /// `false` unless a framer says otherwise. ``FrameEncoder`` refuses a second message if `true`.
  var endsWithStream: Bool { get }
}

extension Framer {
  /// `false`: a stream carries any number of messages.
  @inlinable
  public var endsWithStream: Bool { false }

  /// The payload as it is: nothing is escaped.
  @inlinable
  public func unescape(_ payload: inout MutableSpan<UInt8>) -> Int { payload.count }

  /// `nil`: every fault is final.
  @inlinable
  public mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? { nil }

  /// `false`: no frame is ever left out.
  @inlinable
  public var isLeavingOut: Bool { false }
}

/// What a ``Framer`` found at the front of the unread bytes.
public enum Scan: Hashable, Sendable {
  /// A whole frame: the first `wireLength` bytes, at least one, of which `payload` is the message.
  ///
  /// The payload is one range. Where a byte to keep, as a type, stands in front of a length, deliver the whole frame,
  /// header and all; or leave that byte out of the message.
  case frame(payload: Range<Int>, wireLength: Int)

  /// The same, with escapes in the payload: ``Framer/unescape(_:)`` makes the message of it.
  case escapedFrame(payload: Range<Int>, wireLength: Int)

  /// No whole frame yet: ask again when at least `count` more bytes are there.
  ///
  /// `count` is at least 1 and never overstates: neither a frame nor a fault could show itself sooner.
  case needs(count: Int)

  /// The first `count` bytes, at least one, belong to no message: drop them and ask again.
  case skip(count: Int)
}
