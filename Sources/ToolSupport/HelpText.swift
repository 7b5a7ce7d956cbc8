/// What `--help` prints: at most a screen, of 24 lines of 80 characters; all there is with `--help-all`.
package struct HelpText {
  package private(set) var lines: [String] = []

  /// The help for a program.
  package init(_ program: Program) {
    lines = ["\(program.name): \(program.summary)", "", "usage:"]
    let start = 3 + (program.commands.map { $0.synopsis.count }.max() ?? 0)
    for command in program.commands {
      lines += Columns(secondAt: start + 2).row("  \(command.synopsis)", command.summary)
    }
    add(Self.wrapped(program.description))
    add(program.examples.map { "  \($0)" })
    add(
      Self.wrapped(
        "\"\(program.name) COMMAND --help\" says more, and \"\(program.name) man | man -l -\" all."))
    add(Self.sentence(of: program.statuses))
  }

  /// The help for a command of `program`.
  package init(_ command: CommandSyntax, of program: String, isFull: Bool = false) {
    lines = ["usage: \(program) \(command.synopsis)"]
    add(Self.wrapped(command.description))
    if isFull {
      for group in command.groups {
        if !group.title.isEmpty { add(["\(group.title):"]) }
        add(Self.rows(group.options))
      }
    } else {
      let titles = command.groups.dropFirst().map { $0.title.prefix(1).lowercased() + $0.title.dropFirst() }
      let more =
        titles.isEmpty ? [] : [Option("--help-all", nil, "says also: \(titles.joined(separator: "; "))")]
      add(Self.rows((command.groups.first?.options ?? []) + more))
    }
    if isFull {
      for paragraph in command.details { add(Self.wrapped(paragraph)) }
    }
    add(command.examples.map { "  \($0)" })
    add(
      Self.sentence(of: ExitStatus.allCases.filter { ([.success, .usage] + command.statuses).contains($0) }))
  }

  /// Adds a part, behind an empty line.
  private mutating func add(_ part: [String]) {
    if !part.isEmpty { lines += [""] + part }
  }

  private static func rows(_ options: [Option]) -> [String] {
    let start = 4 + (options.map { $0.form.count }.max() ?? 0)
    return options.flatMap { Columns(secondAt: start).row("  \($0.form)", $0.meaning) }
  }

  /// A paragraph in lines; as it is if it begins with a space.
  private static func wrapped(_ text: String) -> [String] {
    if text.hasPrefix(" ") {
      return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    return Columns(secondAt: 0).row("", text)
  }

  private static func sentence(of statuses: [ExitStatus]) -> [String] {
    let parts = statuses.map { "\($0.rawValue) \($0.meaning)" }
    return wrapped("exit status: \(parts.joined(separator: "; "))")
  }
}
