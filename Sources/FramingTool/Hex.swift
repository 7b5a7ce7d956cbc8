import Framing

/// Text that names bytes, as pairs of hex digits.
enum Hex {
  /// Appends the bytes that a line stands for: pairs of digits, in either case, with blanks around them or without.
  ///
  /// - Returns: The pair that is none, if there is one.
  static func decode(_ line: Span<UInt8>, into bytes: inout FrameBuffer) -> BadPair? {
    var index = 0
    while index < line.count {
      if isBlank(line[index]) {
        index += 1
        continue
      }
      guard index + 1 < line.count, let high = value(line[index]), let low = value(line[index + 1]) else {
        let pair = line.extracting(droppingFirst: index).extracting(first: 2)
        return BadPair(bytes: [UInt8](copying: pair), column: index + 1)
      }
      bytes.append(high << 4 | low)
      index += 2
    }
    return nil
  }

  /// What is no pair of digits, and at which byte of its line, from 1.
  struct BadPair: Hashable {
    let bytes: [UInt8]
    let column: Int
  }

  /// A CR is one, before the LF of a line that was written elsewhere.
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
