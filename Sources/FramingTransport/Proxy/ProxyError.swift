import Framing

/// What is wrong with a PROXY header. Offsets count from its first byte, and all sizes are bytes.
public enum ProxyError: Error, Hashable, Sendable {
  /// Bytes that no continuation can turn into a header. `value` is the byte or number at `offset`.
  case malformed(FrameFault.Reason, at: Int, value: UInt64? = nil)
  /// The header is longer than the limit; `length` is `nil` in version 1, where nothing announces it.
  case tooLong(length: Int?, limit: Int)
  /// The checksum that the header carries is not the one of its bytes.
  case wrongChecksum(carried: UInt32, computed: UInt32)
  /// The stream ended inside the header, after so many bytes.
  case truncated(received: Int)
  /// A header that this version cannot carry.
  case unencodable(FrameFault.Reason, value: UInt64? = nil)
}

extension ProxyError: CustomStringConvertible {
  /// One sentence: "PROXY header of 9000 bytes; the limit is 4096".
  public var description: String {
    switch self {
    case .malformed(let reason, let offset, let value):
      "PROXY header is malformed at its byte \(offset): \(Self.sentence(reason, value))"
    case .tooLong(let length?, let limit): "PROXY header of \(length) bytes; the limit is \(limit)"
    case .tooLong(nil, let limit): "PROXY header of more than the limit of \(limit) bytes"
    case .wrongChecksum(let carried, let computed):
      "PROXY header carries the checksum \(Self.hex(carried)), but has \(Self.hex(computed))"
    case .truncated(let received): "PROXY header was cut off: the stream ended after \(received) bytes of it"
    case .unencodable(let reason, let value): "PROXY header cannot be sent: \(Self.sentence(reason, value))"
    }
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  private static func sentence(_ reason: FrameFault.Reason, _ value: UInt64?) -> String {
    value.map { "\(reason.text) (\($0))" } ?? "\(reason.text)"
  }
}
