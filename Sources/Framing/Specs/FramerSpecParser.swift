#if !hasFeature(Embedded)

/// Splits the text of a ``FramerSpec`` into a name and raw options. What they mean is not known here.
struct FramerSpecParser {
  /// The escapes with a letter; `\xHH` comes on top.
  static let escapes: [(letter: UInt8, byte: UInt8)] = [
    (UInt8(ascii: "n"), 0x0A), (UInt8(ascii: "r"), 0x0D), (UInt8(ascii: "t"), 0x09),
    (UInt8(ascii: "0"), 0x00),
    (UInt8(ascii: "\\"), UInt8(ascii: "\\")), (UInt8(ascii: ","), UInt8(ascii: ",")),
    (UInt8(ascii: "|"), UInt8(ascii: "|")),
  ]

  private let text: String
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) {
    self.text = text
    self.bytes = [UInt8](text.utf8)
  }

  /// Reads up to the colon or the end.
  mutating func name() -> String { takeText(upTo: UInt8(ascii: ":")) }

  /// Reads everything behind the name.
  mutating func options() throws(FramerSpecError) -> [FramerOptions.Raw] {
    guard position < bytes.count else { return [] }
    var options: [FramerOptions.Raw] = []
    repeat {
      position += 1  // The colon, or the comma before this option.
      let keyPosition = position
      let key = takeText(upTo: UInt8(ascii: "="))
      guard position < bytes.count, !key.isEmpty else {
        throw error("expected key=value; a comma in a value is written \\,", at: keyPosition)
      }
      guard !options.contains(where: { $0.key == key }) else {
        throw error("\(key) is there twice", at: keyPosition)
      }
      position += 1
      let valuePosition = position
      let values = try value()
      options.append(
        FramerOptions.Raw(key: key, keyPosition: keyPosition, values: values, valuePosition: valuePosition))
    } while position < bytes.count
    return options
  }

  func error(_ problem: String, at position: Int) -> FramerSpecError {
    FramerSpecError(text: text, position: position, problem: problem)
  }

  private mutating func takeText(upTo end: UInt8) -> String {
    let start = position
    position = bytes[start...].firstIndex(of: end) ?? bytes.count
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Reads the alternatives of a value up to a comma or the end.
  private mutating func value() throws(FramerSpecError) -> [[UInt8]] {
    var alternatives: [[UInt8]] = [[]]
    while position < bytes.count, bytes[position] != UInt8(ascii: ",") {
      switch bytes[position] {
      case UInt8(ascii: "|"):
        alternatives.append([])
        position += 1
      case UInt8(ascii: "\\"):
        alternatives[alternatives.count - 1].append(try escape())
      case let byte:
        alternatives[alternatives.count - 1].append(byte)
        position += 1
      }
    }
    return alternatives
  }

  private mutating func escape() throws(FramerSpecError) -> UInt8 {
    let start = position
    position += 1
    guard position < bytes.count else { throw badEscape(at: start) }
    let letter = bytes[position]
    position += 1
    if let escape = Self.escapes.first(where: { $0.letter == letter }) { return escape.byte }
    guard letter == UInt8(ascii: "x"), position + 2 <= bytes.count,
      let byte = UInt8(hexDigits: bytes[position..<position + 2])
    else { throw badEscape(at: start) }
    position += 2
    return byte
  }

  private func badEscape(at position: Int) -> FramerSpecError {
    error(#"unknown escape; known are \n \r \t \0 \\ \, \| and \xHH"#, at: position)
  }
}

extension UInt8 {
  /// The value of two hexadecimal digits, in either case; `nil` if they are anything else.
  init?(hexDigits digits: some Collection<UInt8>) {
    guard digits.count == 2, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else {
      return nil
    }
    self.init(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}

#endif
