/// What is wrong with a frame. A ``Framer`` knows this; where it happened, ``FramingError`` adds.
///
/// All sizes are bytes of the *limited* part, the one that the framer's `limit` bounds (for most the payload).
public enum FrameFault: Error, Hashable, Sendable {
  /// The frame is longer than the framer's limit.
  ///
  /// `length` is what the frame announced, held down to 2⁶⁴-1. It is `nil` where nothing announces a
  /// length (a delimiter that does not come): all that is certain then is "more than `limit`".
  case tooLong(length: UInt64?, limit: Int)

  /// The stream ended inside a frame, after `received` of at least `expected` bytes of it, header and
  /// delimiter included.
  case truncated(received: Int, expected: Int)

  /// Bytes that no continuation can make right. `value` is the number or byte that `reason` speaks of.
  case malformed(Reason, value: UInt64? = nil)

  /// A message that this framing cannot carry; nothing of it was written.
  case unencodable(Reason, value: UInt64? = nil)

  /// A fixed text that says why, written as a string literal. Holds no memory and is compared by its text.
  public struct Reason: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The text itself.
    public let text: StaticString

    /// A reason that says `text`.
    @inlinable
    public init(stringLiteral text: StaticString) { self.text = text }

    /// Whether both say the same.
    public static func == (left: Self, right: Self) -> Bool {
      guard left.text.utf8CodeUnitCount == right.text.utf8CodeUnitCount else { return false }
      for i in 0..<left.text.utf8CodeUnitCount where left.text.utf8Start[i] != right.text.utf8Start[i] {
        return false
      }
      return true
    }

    /// Hashes the bytes of the text.
    public func hash(into hasher: inout Hasher) {
      for i in 0..<text.utf8CodeUnitCount { hasher.combine(text.utf8Start[i]) }
    }
  }
}

/// A fault and the stream offset of the first byte of the frame that has it.
///
/// In a decoder the offset counts received bytes from 0; in an encoder, sent bytes.
public struct FramingError: Error, Hashable, Sendable {
  /// What is wrong.
  public let fault: FrameFault
  /// How many bytes of the stream lie before the frame.
  public let offset: UInt64

  /// An error that says `fault` at `offset`.
  public init(_ fault: FrameFault, at offset: UInt64) {
    self.fault = fault
    self.offset = offset
  }
}

// Sentences need the full standard library. Embedded programs get the same facts as cases and numbers.
#if !hasFeature(Embedded)

extension FrameFault {
  /// The kind of a fault, with the name that fixtures and tools print.
  public enum Kind: String, CaseIterable, Sendable {
    /// See ``FrameFault/tooLong(length:limit:)``.
    case tooLong = "too-long"
    /// See ``FrameFault/truncated(received:expected:)``.
    case truncated
    /// See ``FrameFault/malformed(_:value:)``.
    case malformed
    /// See ``FrameFault/unencodable(_:value:)``.
    case unencodable
  }

  /// The kind of this fault.
  public var kind: Kind {
    switch self {
    case .tooLong: .tooLong
    case .truncated: .truncated
    case .malformed: .malformed
    case .unencodable: .unencodable
    }
  }
}

extension FrameFault: CustomStringConvertible {
  /// The fault in words, without a place: "carries 70000 bytes; the limit is 65536".
  public var description: String {
    switch self {
    case .tooLong(let length?, let limit): "carries \(length) bytes; the limit is \(limit)"
    case .tooLong(nil, let limit): "carries more than the limit of \(limit) bytes"
    case .truncated(let received, let expected):
      "was cut off: the stream ended after \(received) of at least \(expected) bytes"
    case .malformed(let reason, let value): "is malformed: " + Self.sentence(reason, value)
    case .unencodable(let reason, let value): "cannot be sent: " + Self.sentence(reason, value)
    }
  }

  private static func sentence(_ reason: Reason, _ value: UInt64?) -> String {
    guard let value else { return "\(reason.text)" }
    // A small one may be a number or a byte.
    let hex = value < 256 ? ", 0x" + (value < 16 ? "0" : "") + String(value, radix: 16, uppercase: true) : ""
    return "\(reason.text) (\(value)\(hex))"
  }
}

extension FramingError: CustomStringConvertible {
  /// The error in one sentence: "frame at byte 4096 carries 70000 bytes; the limit is 65536".
  public var description: String { "frame at byte \(offset) \(fault)" }
}

#endif
