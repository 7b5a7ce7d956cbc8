#if !hasFeature(Embedded)

/// The options of a ``FramerSpec`` while a framer reads them, each by its key, with what it may be and what it is for.
///
/// Reading an option also makes it known: the error for an unknown key lists what there is, and so does
/// ``FramerCatalog/options(of:)``.
public struct FramerOptions {
  /// An option as written, with its places.
  struct Raw {
    let key: String
    let keyPosition: Int
    let values: [[UInt8]]
    let valuePosition: Int
    /// Whether a preset has it, so that the text that was given has no place for it but the front.
    var isInherited = false
  }

  private let text: String
  private let framer: String
  private let end: Int
  private let options: [Raw]
  private(set) var known: [FramerOption] = []
  private var missing: FramerSpecError?

  init(text: String, framer: String, end: Int, _ options: [Raw]) {
    self.text = text
    self.framer = framer
    self.end = end
    self.options = options
  }

  /// A whole number in `range`; `default` if the option is not there.
  ///
  /// Without a default the option must be there; the caller refuses the spec afterwards, so that an unknown key
  /// is told first: it may be this one, misspelt.
  ///
  /// - Throws: ``FramerSpecError``, with the place of the value, if it is no number or outside of `range`.
  public mutating func integer(
    _ key: String, in range: ClosedRange<Int>, default: Int? = nil, _ meaning: String
  ) throws(FramerSpecError) -> Int {
    know(key, "N", default: `default`.map { "\($0)" }, meaning)
    guard let option = option(key) else {
      if `default` == nil { require("\(key)=N") }
      return `default` ?? range.lowerBound
    }
    let digits = try self.text(of: option)
    guard !digits.hasPrefix("+"), let value = Int(digits), range ~= value else {
      let isTooLarge = Int(digits) == nil && !digits.isEmpty && digits.utf8.allSatisfy { 0x30...0x39 ~= $0 }
      let upper = range.upperBound == .max && !isTooLarge ? " or more" : " to \(range.upperBound)"
      let allowed =
        range.lowerBound == .min && range.upperBound == .max ? "" : ", \(range.lowerBound)\(upper)"
      throw error(of: option, "\(key) is a whole number\(allowed); not \"\(digits)\"")
    }
    return value
  }

  /// One of the cases of an enumeration with text values; `default` if the option is not there.
  ///
  /// - Throws: ``FramerSpecError``, with the place of the value, if it is none of them.
  public mutating func choice<Choice: RawRepresentable<String>>(
    _ key: String, of choices: [Choice], default: Choice, _ meaning: String
  ) throws(FramerSpecError) -> Choice {
    let word = try word(key, of: choices.map(\.rawValue), default: `default`.rawValue, meaning)
    return choices.first { $0.rawValue == word } ?? `default`
  }

  /// `true` or `false`; `false` if the option is not there.
  ///
  /// - Throws: ``FramerSpecError``, with the place of the value, if it is neither.
  public mutating func flag(_ key: String, _ meaning: String) throws(FramerSpecError) -> Bool {
    try word(key, of: ["true", "false"], default: "false", meaning) == "true"
  }

  /// One or more byte sequences, none of them empty or there twice; the option must be there, as with numbers.
  ///
  /// - Throws: ``FramerSpecError``, with the place of the value, if one is.
  public mutating func byteSequences(_ key: String, _ meaning: String) throws(FramerSpecError) -> [[UInt8]] {
    know(key, "BYTES|...", default: nil, meaning)
    guard let option = option(key) else {
      require("\(key)=BYTES, as \(key)=\\r\\n")
      return [[0]]
    }
    guard option.values.allSatisfy({ !$0.isEmpty }) else {
      throw error(of: option, "\(key) is one or more byte sequences separated by |, none of them empty")
    }
    guard Set(option.values).count == option.values.count else {
      throw error(of: option, "\(key) has a byte sequence twice")
    }
    return option.values
  }

  /// Bytes written as pairs of hexadecimal digits; none if the option is not there.
  ///
  /// - Throws: ``FramerSpecError``, with the place of what is no such pair, or for more than `limit` bytes.
  public mutating func hex(
    _ key: String, atMost limit: Int, _ meaning: String
  ) throws(FramerSpecError) -> [UInt8] {
    know(key, "HEX", default: "", meaning)
    guard let option = option(key) else { return [] }
    let digits = [UInt8](try text(of: option).utf8)
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(hexDigits: digits[start..<min(start + 2, digits.count)]) else {
        throw error(of: option, "\(key) is pairs of hexadecimal digits, as \(key)=F9BEB4D9", at: start)
      }
      bytes.append(byte)
    }
    guard bytes.count <= limit else {
      throw error(of: option, "\(key) has \(bytes.count) bytes; there is room for \(limit)")
    }
    return bytes
  }

  /// Refuses what was written and not read, and then what was not written and must be.
  func finish() throws(FramerSpecError) {
    if let stranger = options.first(where: { option in !known.contains { $0.key == option.key } }) {
      let keys = known.map(\.key).joined(separator: ", ")
      throw error("\(framer) has no option \"\(stranger.key)\"; it has \(keys)", at: stranger.keyPosition)
    }
    if let missing { throw missing }
  }

  /// One of `words`.
  private mutating func word(
    _ key: String, of words: [String], default: String, _ meaning: String
  ) throws(FramerSpecError) -> String {
    know(key, words.joined(separator: "|"), default: `default`, meaning)
    guard let option = option(key) else { return `default` }
    let word = try text(of: option)
    guard words.contains(word) else {
      throw error(of: option, "\(key) is \(words.joined(separator: " or ")); not \"\(word)\"")
    }
    return word
  }

  private mutating func require(_ form: String) {
    if missing == nil { missing = error("\(framer) needs \(form)", at: end) }
  }

  private mutating func know(_ key: String, _ form: String, default: String?, _ meaning: String) {
    known.append(FramerOption(key: key, form: form, default: `default`, meaning: meaning))
  }

  private func option(_ key: String) -> Raw? { options.first { $0.key == key } }

  private func text(of option: Raw) throws(FramerSpecError) -> String {
    guard option.values.count == 1 else {
      throw error(of: option, "\(option.key) has one value, without |")
    }
    return String(decoding: option.values[0], as: UTF8.self)
  }

  private func error(of option: Raw, _ problem: String, at index: Int = 0) -> FramerSpecError {
    option.isInherited
      ? error("of the preset, \(problem)", at: 0) : error(problem, at: option.valuePosition + index)
  }

  private func error(_ problem: String, at position: Int) -> FramerSpecError {
    FramerSpecError(text: text, position: position, problem: problem)
  }
}

/// An option that a framer has in the text form.
public struct FramerOption: Hashable, Sendable {
  /// The key, as `max`.
  public let key: String
  /// What its value looks like: `N`, `HEX`, `BYTES|...`, or the words that it may be, as `big|little`.
  public let form: String
  /// The value that it has when it is left out; `nil` if it must be there.
  public let `default`: String?
  /// What it is for, in one line.
  public let meaning: String

  /// An option with all that is said of it.
  public init(key: String, form: String, default: String?, meaning: String) {
    self.key = key
    self.form = form
    self.default = `default`
    self.meaning = meaning
  }
}

#endif
