/// Bytes as text for a line: quoted, nothing invisible, nothing endless.
enum Quote {
  /// Longer texts are cut, so that a line stays a line.
  private static let longest = 40

  /// `"hello"`
  static func text(_ text: String) -> String { bytes(Array(text.utf8)) }

  /// `5 bytes "hello"`
  static func counted(_ bytes: [UInt8]) -> String {
    "\(bytes.count) \(bytes.count == 1 ? "byte" : "bytes") \(Self.bytes(bytes))"
  }

  /// `"hello"`, `"\x00\n"`; the first bytes only, and `...`, of more than forty.
  static func bytes(_ bytes: [UInt8]) -> String {
    var shown = bytes.prefix(longest)
    // Not in the middle of a character.
    if bytes.count > longest {
      while let last = shown.last, bytes[shown.endIndex] & 0xC0 == 0x80, last >= 0x80 { shown.removeLast() }
    }
    let dots = shown.count < bytes.count ? "..." : ""
    guard let text = String(validating: shown, as: UTF8.self) else {
      return "\"" + shown.map { 0x20...0x7E ~= $0 ? escape(Unicode.Scalar($0)) : hex($0) }.joined() + "\""
        + dots
    }
    return "\"" + text.unicodeScalars.map(escape).joined() + "\"" + dots
  }

  /// What a terminal would obey, or not show, is written as an escape.
  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    case "\"": return "\\\""
    case "\\": return "\\\\"
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
      return String(scalar).utf8.map(hex).joined()
    default: return String(scalar)
    }
  }

  private static func hex(_ byte: UInt8) -> String { "\\x" + Self.digits(byte) }

  /// Two digits: `0a`.
  static func digits(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
