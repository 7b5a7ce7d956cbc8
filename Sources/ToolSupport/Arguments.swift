/// The options and operands of a command, read strictly: nothing is guessed, nothing is ignored.
///
/// `--key value` and `--key=value` are the same; `--` ends the options.
package struct Arguments {
  /// What is not an option, as the bytes that were given: they need not be UTF-8.
  package private(set) var operands: [[UInt8]] = []

  private var values: [String: String] = [:]

  /// Reads the arguments of a command.
  ///
  /// - Parameters:
  ///   - words: The arguments behind the command's name.
  ///   - syntax: What the command takes.
  ///   - program: Whose command it is, for errors.
  package init(
    _ words: ArraySlice<[UInt8]>, for syntax: CommandSyntax, of program: String
  ) throws(Failure) {
    var words = words
    var onlyOperands = false
    while let word = words.popFirst() {
      let text = String(decoding: word, as: UTF8.self)
      if !onlyOperands && text == "--" {
        onlyOperands = true
      } else if onlyOperands || !text.hasPrefix("-") || text == "-" {
        operands.append(word)
      } else {
        try readOption(word, &words, syntax)
      }
    }
    let usage = "usage: \(program) \(syntax.synopsis)"
    let required = syntax.operands.prefix { $0.isRequired }
    if operands.count < required.count {
      let missing = required[operands.count].value.placeholder
      throw Failure(.usage, "\(syntax.name) needs a \(missing); \(usage)")
    }
    if operands.count > syntax.operands.count, syntax.operands.last?.isRepeated != true {
      let first = Quote.bytes(operands[syntax.operands.count])
      throw Failure(.usage, "unexpected argument \(first); \(usage)")
    }
  }

  /// Reads the option `word`, and its value if that is the next of `words`.
  private mutating func readOption(
    _ word: [UInt8], _ words: inout ArraySlice<[UInt8]>, _ syntax: CommandSyntax
  ) throws(Failure) {
    let text = String(decoding: word, as: UTF8.self)
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let key = String(parts[0])
    guard let option = syntax.options.first(where: { $0.name == key }) else {
      let known = (syntax.options.map(\.name) + ["--help"]).joined(separator: ", ")
      let name = syntax.operands.last?.value.placeholder
      let escape = name.map { "; a \($0) that begins with - goes behind --" } ?? ""
      throw Failure(.usage, "unknown option \(Quote.text(key)); \(syntax.name) takes \(known)\(escape)")
    }
    guard values[key] == nil else { throw Failure(.usage, "\(key) is given twice") }
    guard option.value != nil else {
      guard parts.count == 1 else { throw Failure(.usage, "\(key) has no value") }
      values[key] = ""
      return
    }
    let value = parts.count == 2 ? word[(key.utf8.count + 1)...] : words.popFirst()?[...]
    guard let value, !value.isEmpty else { throw Failure(.usage, "\(key) needs a value") }
    values[key] = try Self.text(value, of: key)
  }

  /// The text of an argument that has to be one: what is not UTF-8 is refused and not replaced.
  package static func text(_ bytes: some Collection<UInt8>, of name: String) throws(Failure) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.usage, "\(name) is not UTF-8; in a spec, other bytes are written as \\xHH")
    }
    return text
  }

  // MARK: Options

  /// Whether the option is given.
  package func has(_ key: String) -> Bool { values[key] != nil }

  /// A text; `nil` if the option is not given.
  package func text(_ key: String) -> String? { values[key] }

  /// A whole number within `range`; `nil` if the option is not given.
  package func integer(_ key: String, in range: ClosedRange<Int>) throws(Failure) -> Int? {
    guard let text = values[key] else { return nil }
    guard let number = Int(text), range ~= number, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
      throw Failure(
        .usage,
        "\(key) is a whole number from \(range.lowerBound) to \(range.upperBound), not \(Quote.text(text))")
    }
    return number
  }

  /// One of several names; `nil` if the option is not given.
  package func choice<Choice: RawRepresentable<String>>(
    _ key: String, of choices: [Choice]
  ) throws(Failure) -> Choice? {
    guard let text = values[key] else { return nil }
    guard let choice = choices.first(where: { $0.rawValue == text }) else {
      let known = choices.map { $0.rawValue }.joined(separator: " or ")
      throw Failure(.usage, "\(key) is \(known), not \(Quote.text(text))")
    }
    return choice
  }
}
