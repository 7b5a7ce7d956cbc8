import Framing

/// What a command takes and does, said once: its arguments are read by it, and `--help`, the manual page and the
/// completions of shells are made of it.
package struct CommandSyntax: Sendable {
  package let name: String
  /// What it does, in a few words: `prints the messages of a stream`.
  package let summary: String
  package let operands: [Operand]
  /// The first group is what `--help` shows; all others are behind `--help-all`.
  package let groups: [OptionGroup]
  /// What it does, in a few lines.
  package let description: String
  /// What else there is to know. A paragraph that begins with a space stands as it is.
  package let details: [String]
  /// Command lines.
  package let examples: [String]
  /// How it may end, besides ``ExitStatus/success`` and ``ExitStatus/usage``.
  package let statuses: [ExitStatus]

  package init(
    _ name: String, _ summary: String, operands: [Operand] = [], options: [Option] = [],
    groups: [OptionGroup] = [], description: String, details: [String] = [], examples: [String] = [],
    statuses: [ExitStatus] = []
  ) {
    self.name = name
    self.summary = summary
    self.operands = operands
    self.groups = [OptionGroup("", options)] + groups
    self.description = description
    self.details = details
    self.examples = examples
    self.statuses = statuses
  }

  /// All options.
  package var options: [Option] { groups.flatMap(\.options) }

  /// `decode [options] SPEC [FILE]`
  package var synopsis: String {
    ([name] + (options.isEmpty ? [] : ["[options]"]) + operands.map(\.form)).joined(separator: " ")
  }
}

/// Options under a title.
package struct OptionGroup: Sendable {
  package let title: String
  package let options: [Option]

  package init(_ title: String, _ options: [Option]) {
    self.title = title
    self.options = options
  }
}

/// An argument that begins with `--`.
package struct Option: Sendable {
  /// With the dashes.
  package let name: String
  /// What follows it; `nil` for a flag.
  package let value: Value?
  /// What it says, and in parentheses what holds without it.
  package let meaning: String

  /// An option; a flag without `value`.
  package init(_ name: String, _ value: Value? = nil, _ meaning: String) {
    self.name = name
    self.value = value
    self.meaning = meaning
  }

  /// `--format F`
  package var form: String { value.map { "\(name) \($0.placeholder)" } ?? name }
}

/// An argument that is no option.
package struct Operand: Sendable {
  package enum Count: Sendable { case one, optional, some, any }

  package let value: Value
  package let count: Count

  package init(_ value: Value, _ count: Count = .one) {
    self.value = value
    self.count = count
  }

  package var isRequired: Bool { count == .one || count == .some }
  package var isRepeated: Bool { count == .some || count == .any }

  /// `FILE`, `[FILE]`, `PATH...` or `[MESSAGE...]`
  package var form: String {
    let name = value.placeholder + (isRepeated ? "..." : "")
    return isRequired ? name : "[\(name)]"
  }
}

/// What an argument may be.
package struct Value: Sendable {
  /// What shells can offer for it.
  package enum Candidates: Sendable, Hashable {
    case nothing, files
    case words([String])
    /// The names of framers and presets.
    case specs
  }

  /// What texts call it.
  package let placeholder: String
  package let candidates: Candidates

  package init(_ placeholder: String, _ candidates: Candidates = .nothing) {
    self.placeholder = placeholder
    self.candidates = candidates
  }

  package static let number = Value("N")
  package static let seconds = Value("S")
  package static let spec = Value("SPEC", .specs)
  package static let file = Value("FILE", .files)

  /// One of several names.
  package static func choice(_ placeholder: String, _ words: [String]) -> Value {
    Value(placeholder, .words(words))
  }

  /// All that a SPEC can begin with.
  package static let specNames = FramerCatalog.framers.map { $0.specName } + FramerPreset.all.map(\.name)
}
