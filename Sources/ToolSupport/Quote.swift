import Framing

/// Bytes as text for a line: quoted, nothing invisible, nothing endless.
package enum Quote {
  /// Longer texts are cut, so that a line stays a line.
  private static let longest = 40

  /// `"hello"`
  package static func text(_ text: String) -> String { bytes(Array(text.utf8)) }

  /// `5 bytes "hello"`
  package static func counted(_ bytes: [UInt8]) -> String { counted(bytes.span) }

  /// `5 bytes "hello"`; of long ones the part that has the byte at `place`: `99 bytes ..."lo wor"...`
  package static func counted(_ bytes: Span<UInt8>, near place: Int = 0) -> String {
    "\(bytes.count) \(bytes.count == 1 ? "byte" : "bytes") \(Self.bytes(bytes, near: place))"
  }

  /// `"hello"`, `"\x00\n"`; the first bytes only, and `...`, of more than forty.
  package static func bytes(_ bytes: [UInt8]) -> String { Self.bytes(bytes.span) }

  private static func bytes(_ bytes: Span<UInt8>, near place: Int = 0) -> String {
    // What stands before a place that would be cut off tells where one is.
    let start = place < longest * 3 / 4 ? 0 : characterStart(before: place - longest / 4, in: bytes)
    let end = characterStart(before: start + longest, in: bytes)
    let shown = [UInt8](copying: bytes.extracting(start..<end))
    return (start > 0 ? "...\"" : "\"") + escaped(shown) + (end < bytes.count ? "\"..." : "\"")
  }

  /// `place`, or before it, so that no character is cut there.
  private static func characterStart(before place: Int, in bytes: Span<UInt8>) -> Int {
    var place = min(place, bytes.count)
    if place == bytes.count { return place }
    while place > 0, bytes[place] & 0xC0 == 0x80, bytes[place - 1] >= 0x80 { place -= 1 }
    return place
  }

  /// A path as it is if it can be shown so, otherwise quoted; never cut.
  package static func path(_ path: [UInt8]) -> String {
    let escaped = escaped(path)
    return escaped.utf8.elementsEqual(path) ? escaped : "\"\(escaped)\""
  }

  /// Text if the bytes are UTF-8; otherwise what of them is ASCII, and numbers.
  private static func escaped(_ bytes: [UInt8]) -> String {
    var line: [UInt8] = []
    line.reserveCapacity(4 * bytes.count)
    if bytes.contains(where: { $0 >= 0x80 }), let text = String(validating: bytes, as: UTF8.self) {
      for scalar in text.unicodeScalars { append(scalar, to: &line) }
    } else {
      for byte in bytes { append(byte, to: &line) }
    }
    return String(decoding: line, as: UTF8.self)
  }

  private static func append(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
    guard !scalar.isASCII else { return append(UInt8(scalar.value), to: &line) }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
      for byte in String(scalar).utf8 { append(byte, to: &line) }
    default: line += String(scalar).utf8
    }
  }

  /// What a terminal would obey, or not show, is written as an escape.
  private static func append(_ byte: UInt8, to line: inout [UInt8]) {
    switch Unicode.Scalar(byte) {
    case "\n": line += "\\n".utf8
    case "\r": line += "\\r".utf8
    case "\t": line += "\\t".utf8
    case "\"": line += "\\\"".utf8
    case "\\": line += "\\\\".utf8
    case " "..."~": line.append(byte)
    default:
      line.append(UInt8(ascii: "\\"))
      line.append(UInt8(ascii: "x"))
      line.append(digit(byte >> 4))
      line.append(digit(byte & 15))
    }
  }

  /// The lower-case hex digit of a value below 16.
  package static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }

  /// Two digits: `0a`.
  package static func digits(_ byte: UInt8) -> String {
    String(decoding: [digit(byte >> 4), digit(byte & 15)], as: UTF8.self)
  }
}
