#if !hasFeature(Embedded)

/// One line of text that names a framer: for configuration files, fixtures and tools.
///
///     length-prefixed:width=2,endian=little,max=65535
///     delimiter:bytes=\r\n|\n,final=deliver
///
/// The name of a framer, or of a ``FramerPreset``, whose options those that follow replace; then, after a colon, options separated by commas. In a value, `\n \r \t \0 \\ \, \|` and `\xHH` stand
/// for bytes that have a meaning here or cannot be seen. Reading is strict: an unknown name, key or value is
/// an error that shows the place and says what is known.
///
/// Printing and reading are inverse: a spec prints the shortest text that names its framer.
public struct FramerSpec: Sendable {
  /// An option: its key, and its value as bytes without escapes.
  public struct Option: Hashable, Sendable {
    /// The part before the equals sign.
    public let key: String
    /// The alternatives of the value, mostly one.
    public let values: [[UInt8]]

    /// An option whose value is text, as `max=65535`.
    public init(_ key: String, _ value: some CustomStringConvertible) {
      self.init(key, alternatives: [[UInt8](value.description.utf8)])
    }

    /// An option whose value is several byte sequences, as `bytes=\r\n|\n`.
    public init(_ key: String, alternatives: [[UInt8]]) {
      self.key = key
      self.values = alternatives
    }
  }

  /// The framer that the text names.
  public let base: any SpecifiedFramer

  /// The text form of `framer`.
  public init(_ framer: any SpecifiedFramer) { base = framer }

  /// Reads a spec.
  ///
  /// - Throws: ``FramerSpecError`` that shows the place and says what is allowed there.
  public init(_ text: String) throws(FramerSpecError) {
    var parser = FramerSpecParser(text)
    let name = parser.name()
    let preset = FramerPreset.all.first { $0.name == name }
    var standard = FramerSpecParser(preset?.spec ?? text)
    let framer = standard.name()
    guard let type = FramerCatalog.framers.first(where: { $0.specName == framer }) else {
      let framers = FramerCatalog.framers.map { $0.specName }.joined(separator: ", ")
      let presets = FramerPreset.all.map(\.name).joined(separator: ", ")
      let hint = Self.similar(to: name).map { "did you mean \($0)? " } ?? ""
      throw parser.error(
        "unknown framer \"\(name)\"; \(hint)known are \(framers), and the presets \(presets)", at: 0)
    }
    var written = try parser.options()
    if preset != nil {
      for var option in try standard.options() where !written.contains(where: { $0.key == option.key }) {
        option.isInherited = true
        written.append(option)
      }
    }
    var options = FramerOptions(text: text, framer: framer, end: text.utf8.count, written)
    base = try type.init(options: &options)
    try options.finish()
  }

  /// The known name that `name` is most likely meant to be: as far as a comma that should be a colon, with other case
  /// or other marks between words, or with one letter wrong.
  private static func similar(to name: String) -> String? {
    func letters(_ text: some StringProtocol) -> [Character] {
      text.lowercased().filter { $0.isLetter || $0.isNumber }
    }
    let wanted = letters(name.prefix { $0 != "," && $0 != " " })
    let known = FramerCatalog.framers.map { $0.specName } + FramerPreset.all.map(\.name)
    return known.first { letters($0) == wanted } ?? known.first { isNear(letters($0), wanted) }
  }

  /// Whether one letter was left out, added, replaced, or exchanged with the next.
  private static func isNear(_ known: [Character], _ wanted: [Character]) -> Bool {
    guard abs(known.count - wanted.count) <= 1, wanted.count >= 2 else { return false }
    let front = zip(known, wanted).prefix { $0 == $1 }.count
    let (left, right) = (known[front...], wanted[front...])
    return left.dropFirst() == right.dropFirst() || left.dropFirst() == right || left == right.dropFirst()
      || left.count >= 2 && left.prefix(2).reversed() == Array(right.prefix(2))
        && left.dropFirst(2) == right.dropFirst(2)
  }

  /// The framer, to be used where its type does not matter.
  public var framer: AnyFramer { AnyFramer(base) }
}

extension FramerSpec: CustomStringConvertible {
  /// The shortest text that names this framer.
  public var description: String {
    let options = base.specOptions.map { option in
      "\(option.key)=" + option.values.map(Self.escape).joined(separator: "|")
    }
    let name = type(of: base).specName
    return options.isEmpty ? name : name + ":" + options.joined(separator: ",")
  }

  private static func escape(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes {
      if let letter = FramerSpecParser.escapes.first(where: { $0.byte == byte })?.letter {
        text += "\\" + String(UnicodeScalar(letter))
      } else if 0x21...0x7E ~= byte {
        text += String(UnicodeScalar(byte))
      } else {
        text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }
}

extension FramerSpec: Hashable {
  /// Whether both name the same framer.
  public static func == (left: Self, right: Self) -> Bool { left.description == right.description }

  /// Hashes the text form.
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

/// What is wrong with the text of a ``FramerSpec``, and where.
public struct FramerSpecError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The whole text.
  public let text: String
  /// The place of the mistake: the number of UTF-8 bytes before it.
  public let position: Int
  /// What is wrong, and what is allowed there.
  public let problem: String

  /// An error that says `problem` of the place `position` in `text`.
  public init(text: String, position: Int, problem: String) {
    self.text = text
    self.position = position
    self.problem = problem
  }

  /// One line: `framer "fixed-length:size=x", character 19: size is a number ...`.
  public var description: String { "framer \"\(text)\", character \(position + 1): \(problem)" }
}

#endif
