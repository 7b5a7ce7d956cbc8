/// One line of a fixture, read from left to right: words, items, and numbers with a key.
struct FixtureLine {
  /// The most bytes that a line can stand for, so that a slip in a count is an error and not a full memory.
  static let byteLimit = 16 << 20

  let name: String
  let number: Int
  private let text: [UInt8]
  private var position = 0

  init(_ text: some Sequence<UInt8>, name: String, number: Int) {
    self.text = [UInt8](text)
    self.name = name
    self.number = number
    skipBlanks()
  }

  /// Whether nothing follows but a comment.
  var isAtEnd: Bool { next == nil || next == UInt8(ascii: "#") }

  func error(_ problem: String) -> FixtureError {
    FixtureError(name: name, line: number, problem: problem)
  }

  // MARK: Words

  /// Takes everything up to a blank.
  mutating func word() -> String {
    let word = take { !Self.isBlank($0) }
    skipBlanks()
    return String(decoding: word, as: UTF8.self)
  }

  /// Takes everything to the end of the line, as it is.
  mutating func rest() -> String {
    defer { position = text.count }
    return String(decoding: text[position...], as: UTF8.self)
  }

  /// Refuses anything but a comment.
  mutating func expectEnd(behind keyword: String) throws(FixtureError) {
    if !isAtEnd { throw error("nothing can follow \"\(keyword)\" but a comment; not \"\(rest())\"") }
  }

  // MARK: Bytes

  /// Takes all items and puts their bytes together.
  mutating func bytes() throws(FixtureError) -> [UInt8] {
    var bytes: [UInt8] = []
    while !isAtEnd {
      let item = next == UInt8(ascii: "\"") ? try quoted() : try hex()
      let count = next == UInt8(ascii: "*") ? try repeatCount() : 1
      let (added, overflow) = item.count.multipliedReportingOverflow(by: count)
      guard !overflow, added <= Self.byteLimit - bytes.count else {
        throw error("a line stands for at most \(Self.byteLimit) bytes")
      }
      if !item.isEmpty { for _ in 0..<count { bytes += item } }
      try expectBlank()
    }
    return bytes
  }

  private mutating func hex() throws(FixtureError) -> [UInt8] {
    let start = position
    let digits = take { Self.hexValue($0) != nil }
    guard !digits.isEmpty else {
      position = start
      throw error(
        "an item is pairs of hex digits or \"text\", each with *COUNT or without; not \"\(word())\"")
    }
    guard digits.count.isMultiple(of: 2) else {
      throw error(
        "an odd number of hex digits, \"\(String(decoding: digits, as: UTF8.self))\"; a byte has two")
    }
    return stride(from: digits.startIndex, to: digits.endIndex, by: 2).map { i in
      // Both are hex digits: they were taken as such.
      (Self.hexValue(digits[i]) ?? 0) << 4 | (Self.hexValue(digits[i + 1]) ?? 0)
    }
  }

  private mutating func quoted() throws(FixtureError) -> [UInt8] {
    position += 1  // The opening quote.
    var bytes: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return bytes
      case UInt8(ascii: "\\"): bytes.append(try escape())
      default: bytes.append(byte)
      }
    }
    throw error("a quote is opened and not closed")
  }

  private mutating func escape() throws(FixtureError) -> UInt8 {
    if let letter = next {
      position += 1
      if let known = FixtureText.escapes.first(where: { $0.letter == letter }) { return known.byte }
      if letter == UInt8(ascii: "x"), position + 2 <= text.count,
        let high = Self.hexValue(text[position]), let low = Self.hexValue(text[position + 1])
      {
        position += 2
        return high << 4 | low
      }
    }
    throw error(#"unknown escape; known are \n \r \t \0 \\ \" and \xHH"#)
  }

  private mutating func repeatCount() throws(FixtureError) -> Int {
    position += 1  // The asterisk.
    let digits = String(decoding: take { !Self.isBlank($0) }, as: UTF8.self)
    guard let count = Self.decimal(digits).flatMap(Int.init(exactly:)), count > 0 else {
      throw error("the count behind * is a whole number from 1; not \"\(digits)\"")
    }
    return count
  }

  // MARK: Numbers and texts with a key

  /// Takes a key and its equals sign.
  mutating func key() throws(FixtureError) -> String {
    let key = take { !Self.isBlank($0) && $0 != UInt8(ascii: "=") }
    let text = String(decoding: key, as: UTF8.self)
    guard next == UInt8(ascii: "="), !key.isEmpty else { throw error("expected key=value; not \"\(text)\"") }
    position += 1
    return text
  }

  /// Takes the number behind `key`.
  mutating func number(of key: String) throws(FixtureError) -> UInt64 {
    let digits = word()
    guard let value = Self.decimal(digits) else {
      throw error("\(key) is a whole number, 0 to \(UInt64.max); not \"\(digits)\"")
    }
    return value
  }

  /// Takes the text in quotes behind `key`.
  mutating func quotedValue(of key: String) throws(FixtureError) -> [UInt8] {
    guard next == UInt8(ascii: "\"") else { throw error("\(key) is a text in quotes; not \"\(word())\"") }
    let bytes = try quoted()
    try expectBlank()
    return bytes
  }

  // MARK: Characters

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipBlanks() { _ = take(while: Self.isBlank) }

  private mutating func expectBlank() throws(FixtureError) {
    guard next.map(Self.isBlank) ?? true else { throw error("expected a blank before \"\(word())\"") }
    skipBlanks()
  }

  private mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let taken = text[position...].prefix(while: isWanted)
    position = taken.endIndex
    return taken
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// The value of decimal digits without a sign.
  private static func decimal(_ digits: String) -> UInt64? {
    digits.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? UInt64(digits) : nil
  }
}
