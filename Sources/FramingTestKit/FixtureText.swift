/// Bytes as fixtures write them.
enum FixtureText {
  /// The escapes with a letter; `\xHH` comes on top.
  static let escapes: [(letter: UInt8, byte: UInt8)] = [
    (UInt8(ascii: "n"), 0x0A), (UInt8(ascii: "r"), 0x0D), (UInt8(ascii: "t"), 0x09),
    (UInt8(ascii: "0"), 0x00), (UInt8(ascii: "\\"), UInt8(ascii: "\\")),
    (UInt8(ascii: "\""), UInt8(ascii: "\"")),
  ]

  /// `bytes` as text in quotes if all of them can be seen or have an escape of their own, or else as hex pairs;
  /// only the beginning of more than `most`.
  static func shown(_ bytes: [UInt8], atMost most: Int = 40) -> String {
    guard bytes.count <= most else {
      return shown(Array(bytes.prefix(most * 4 / 5)), atMost: most) + "... (\(bytes.count) bytes)"
    }
    let isText = bytes.allSatisfy { byte in
      0x20...0x7E ~= byte || byte != 0 && escapes.contains { $0.byte == byte }
    }
    return isText ? quoted(bytes) : bytes.map(hex).joined(separator: " ")
  }

  /// `bytes` as text in quotes.
  static func quoted(_ bytes: [UInt8]) -> String {
    var text = "\""
    for byte in bytes {
      if let letter = escapes.first(where: { $0.byte == byte })?.letter {
        text += "\\" + String(UnicodeScalar(letter))
      } else if 0x20...0x7E ~= byte {
        text += String(UnicodeScalar(byte))
      } else {
        text += "\\x" + hex(byte)
      }
    }
    return text + "\""
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
