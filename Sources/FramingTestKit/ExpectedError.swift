import Framing

/// What a fixture says of an error: its kind, its place, and any numbers that matter.
///
///     ! too-long at=4 length=64 limit=16
///
/// A number that is given has to be right; one that is not given may be anything.
public struct ExpectedError: Hashable, Sendable {
  /// The numbers that errors carry, besides their place.
  public enum Number: String, CaseIterable, Sendable {
    /// The length that a frame announced; see `FrameFault.tooLong`.
    case length
    /// The limit that is exceeded; see `FrameFault.tooLong`.
    case limit
    /// How many bytes of the frame were there; see `FrameFault.truncated`.
    case received
    /// How many bytes the frame has at least; see `FrameFault.truncated`.
    case expected
    /// The number or byte that the reason speaks of; see `FrameFault.malformed`.
    case value
  }

  /// The kind of the fault.
  public let kind: FrameFault.Kind
  /// The offset in the stream of the first byte of the frame.
  public let offset: UInt64
  /// The numbers that matter.
  public let numbers: [Number: UInt64]
  /// The exact text of the reason, if it matters.
  public let reason: String?

  /// An expectation of all that is given.
  public init(
    _ kind: FrameFault.Kind, at offset: UInt64, numbers: [Number: UInt64] = [:], reason: String? = nil
  ) {
    self.kind = kind
    self.offset = offset
    self.numbers = numbers
    self.reason = reason
  }

  /// Everything that `error` says.
  public init(_ error: FramingError) {
    var numbers: [Number: UInt64] = [:]
    var reason: String?
    switch error.fault {
    case .tooLong(let length, let limit):
      numbers[.length] = length
      numbers[.limit] = UInt64(clamping: limit)
    case .truncated(let received, let expected):
      numbers[.received] = UInt64(clamping: received)
      numbers[.expected] = UInt64(clamping: expected)
    case .malformed(let text, let value), .unencodable(let text, let value):
      numbers[.value] = value
      reason = "\(text.text)"
    }
    self.init(error.fault.kind, at: error.offset, numbers: numbers, reason: reason)
  }

  /// Whether `error` is of this kind, at this place, and has every number and reason that is given.
  public func matches(_ error: FramingError) -> Bool {
    let actual = ExpectedError(error)
    return kind == actual.kind && offset == actual.offset
      && numbers.allSatisfy { actual.numbers[$0.key] == $0.value }
      && (reason == nil || reason == actual.reason)
  }
}

extension ExpectedError: CustomStringConvertible {
  /// The error as a fixture writes it, behind the exclamation mark: `too-long at=4 length=64 limit=16`.
  public var description: String {
    var text = "\(kind.rawValue) at=\(offset)"
    for number in Number.allCases {
      if let value = numbers[number] { text += " \(number.rawValue)=\(value)" }
    }
    if let reason { text += " reason=" + FixtureText.quoted([UInt8](reason.utf8)) }
    return text
  }
}

extension ExpectedError {
  /// The kinds that a decoder can report.
  private static let decodingKinds: [FrameFault.Kind] = [.tooLong, .truncated, .malformed]

  /// Reads what stands behind the exclamation mark.
  init(_ line: inout FixtureLine) throws(FixtureError) {
    let name = line.word()
    guard let kind = Self.decodingKinds.first(where: { $0.rawValue == name }) else {
      let known = Self.decodingKinds.map(\.rawValue).joined(separator: ", ")
      throw line.error("unknown kind of error \"\(name)\"; known are \(known)")
    }
    let allowed = Self.numbers(of: kind)
    let hasReason = kind == .malformed
    var offset: UInt64?
    var numbers: [Number: UInt64] = [:]
    var reason: String?
    while !line.isAtEnd {
      let key = try line.key()
      let isNew: Bool
      if key == "at" {
        isNew = offset == nil
        offset = try line.number(of: key)
      } else if key == "reason" && hasReason {
        isNew = reason == nil
        reason = String(decoding: try line.quotedValue(of: key), as: UTF8.self)
      } else if let number = allowed.first(where: { $0.rawValue == key }) {
        isNew = numbers.updateValue(try line.number(of: key), forKey: number) == nil
      } else {
        let known = ["at"] + allowed.map(\.rawValue) + (hasReason ? ["reason"] : [])
        throw line.error("\(name) has no \"\(key)\"; it has \(known.joined(separator: ", "))")
      }
      guard isNew else { throw line.error("\(key) is there twice") }
    }
    guard let offset else {
      throw line.error("an error needs at=N, the offset of the first byte of its frame")
    }
    self.init(kind, at: offset, numbers: numbers, reason: reason)
  }

  private static func numbers(of kind: FrameFault.Kind) -> [Number] {
    switch kind {
    case .tooLong: [.length, .limit]
    case .truncated: [.received, .expected]
    case .malformed, .unencodable: [.value]
    }
  }
}
