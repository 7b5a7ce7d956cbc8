/// Bytes as text for a line: quoted, nothing invisible, nothing endless.
package enum Quote {
  /// Longer texts are cut, so that a line stays a line.
  private static let longest = 40

  /// `"hello"`
  package static func text(_ text: String) -> String { bytes(Array(text.utf8)) }

  /// `5 bytes "hello"`
  package static func counted(_ bytes: [UInt8]) -> String { counted(bytes.span) }

  /// `5 bytes "hello"`
  package static func counted(_ bytes: Span<UInt8>) -> String {
    "\(bytes.count) \(bytes.count == 1 ? "byte" : "bytes") \(Self.bytes(bytes))"
  }

  /// `"hello"`, `"\x00\n"`; the first bytes only, and `...`, of more than forty.
  package static func bytes(_ bytes: [UInt8]) -> String { Self.bytes(bytes.span) }

  private static func bytes(_ bytes: Span<UInt8>) -> String {
    var count = min(bytes.count, longest)
    // Not in the middle of a character.
    if bytes.count > longest {
      while count > 0, bytes[count] & 0xC0 == 0x80, bytes[count - 1] >= 0x80 { count -= 1 }
    }
    let shown = bytes.extracting(first: count).withUnsafeBufferPointer { [UInt8]($0) }
    return "\"" + escaped(shown) + (count < bytes.count ? "\"..." : "\"")
  }

  /// A path as it is if it can be shown so, otherwise quoted; never cut.
  package static func path(_ path: [UInt8]) -> String {
    let escaped = escaped(path)
    return escaped.utf8.elementsEqual(path) ? escaped : "\"\(escaped)\""
  }

  /// Text if the bytes are UTF-8; otherwise what of them is ASCII, and numbers.
  private static func escaped(_ bytes: [UInt8]) -> String {
    var line = ""
    if let text = String(validating: bytes, as: UTF8.self) {
      for scalar in text.unicodeScalars { append(scalar, to: &line) }
    } else {
      for byte in bytes {
        if 0x20...0x7E ~= byte { append(Unicode.Scalar(byte), to: &line) } else { append(byte, to: &line) }
      }
    }
    return line
  }

  /// What a terminal would obey, or not show, is written as an escape.
  private static func append(_ scalar: Unicode.Scalar, to line: inout String) {
    switch scalar {
    case "\n": line += "\\n"
    case "\r": line += "\\r"
    case "\t": line += "\\t"
    case "\"": line += "\\\""
    case "\\": line += "\\\\"
    case " "..."~": line.unicodeScalars.append(scalar)
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
        for byte in String(scalar).utf8 { append(byte, to: &line) }
      default: line.unicodeScalars.append(scalar)
      }
    }
  }

  private static func append(_ byte: UInt8, to line: inout String) {
    line += "\\x"
    line += digits(byte)
  }

  /// Two digits: `0a`.
  package static func digits(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
