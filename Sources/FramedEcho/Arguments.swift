import Framing
import FramingTransport

/// The options and operands of a command, read strictly: nothing is guessed, nothing is ignored.
///
/// `--key value` and `--key=value` are the same; `--` ends the options.
struct Arguments {
  /// What is not an option, as the bytes that were given: they need not be UTF-8.
  private(set) var operands: [[UInt8]] = []

  private var values: [String: String] = [:]

  init(_ words: ArraySlice<[UInt8]>, of command: String, options: [String], operands name: String? = nil)
    throws(Failure)
  {
    var words = words
    var onlyOperands = false
    while let word = words.popFirst() {
      let text = String(decoding: word, as: UTF8.self)
      if !onlyOperands && text == "--" {
        onlyOperands = true
      } else if onlyOperands || !text.hasPrefix("-") || text == "-" {
        guard name != nil else {
          throw Failure(
            .usage, "unexpected argument \(Quote.text(text)); \(command) takes \(Self.list(options))")
        }
        operands.append(word)
      } else {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let key = String(parts[0])
        guard options.contains(key) else {
          let escape = name.map { "; a \($0) that begins with - goes behind --" } ?? ""
          throw Failure(
            .usage, "unknown option \(Quote.text(key)); \(command) takes \(Self.list(options))\(escape)")
        }
        guard values[key] == nil else { throw Failure(.usage, "\(key) is given twice") }
        let value =
          parts.count == 2 ? String(parts[1]) : words.popFirst().map { String(decoding: $0, as: UTF8.self) }
        guard let value, !value.isEmpty else { throw Failure(.usage, "\(key) needs a value") }
        values[key] = value
      }
    }
  }

  private static func list(_ options: [String]) -> String {
    options.isEmpty ? "no arguments" : (options + ["--help"]).joined(separator: ", ")
  }

  // MARK: Options

  /// A text.
  func text(_ key: String, default standard: String) -> String { values[key] ?? standard }

  /// A port within `range`.
  func port(in range: ClosedRange<UInt16>) throws(Failure) -> UInt16 {
    guard let text = values["--port"] else { return 7777 }
    guard let port = UInt16(text), range ~= port, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
      throw Failure(
        .usage,
        "--port is a number from \(range.lowerBound) to \(range.upperBound), not \(Quote.text(text))")
    }
    return port
  }

  /// The framer that `--framer` names, and its text as it was given.
  func framer() throws(Failure) -> (text: String, spec: FramerSpec) {
    let text = values["--framer"] ?? "length-prefixed"
    do throws(FramerSpecError) {
      return (text, try FramerSpec(text))
    } catch {
      throw Failure(.usage, "--\(error)")
    }
  }

  /// One of several names; `nil` if the option is not given.
  func choice<Choice: RawRepresentable<String>>(
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

extension SelectorKind {
  /// The names of those that this system has.
  static func names(_ separator: String) -> String {
    available.map { $0.rawValue }.joined(separator: separator)
  }
}
