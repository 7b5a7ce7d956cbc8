/// A program with subcommands: what its first words mean, and how it ends.
package struct Program: Sendable {
  /// The name that its errors begin with.
  package let name: String
  /// What it is for, in a few words.
  package let summary: String
  /// What holds for all commands, in a few lines.
  package let description: String
  /// Command lines.
  package let examples: [String]
  /// The environment variables that it reads, and what for.
  package let environment: [(name: String, meaning: String)]
  private let types: [any Command.Type]

  /// A program.
  ///
  /// - Parameters:
  ///   - name: What it is called by, and calls itself.
  ///   - summary: What it is for.
  ///   - description: What holds for all commands.
  ///   - examples: Command lines, for `--help`.
  ///   - environment: The environment variables that it reads, besides those of the terminal.
  ///   - commands: The commands, besides those that all programs have.
  package init(
    _ name: String, _ summary: String, description: String, examples: [String],
    environment: [(name: String, meaning: String)] = [], commands: [any Command.Type]
  ) {
    self.name = name
    self.summary = summary
    self.description = description
    self.examples = examples
    self.environment = environment
    self.types = commands
  }

  /// What there is to call, those last that all programs have.
  package var commands: [CommandSyntax] {
    types.map { $0.syntax } + [Self.completions, Self.manual]
  }

  /// The ways in which some command may end.
  package var statuses: [ExitStatus] {
    let used = Set(commands.flatMap(\.statuses) + [.success, .usage])
    return ExitStatus.allCases.filter { used.contains($0) }
  }

  // MARK: Running

  /// The command that the arguments behind the program's name ask for.
  package func command(_ words: [[UInt8]]) throws(Failure) -> any Command {
    let known = commands.map(\.name).joined(separator: ", ")
    guard let first = words.first.map({ String(decoding: $0, as: UTF8.self) }) else {
      throw Failure(.usage, "no command; known are \(known) (\(name) --help says what they do)")
    }
    if ["--help", "-h"].contains(first) { return PrintCommand(HelpText(self).lines) }
    if first == "--version" { return PrintCommand(["\(name) \(Version.number)"]) }
    guard let syntax = commands.first(where: { $0.name == first }) else {
      let kind = first.hasPrefix("-") ? "option" : "command"
      let options = first.hasPrefix("-") ? ", --help, --version" : ""
      throw Failure(.usage, "unknown \(kind) \(Quote.text(first)); known are \(known)\(options)")
    }
    let rest = words.dropFirst()
    // Behind `--` everything is an operand.
    let options = rest.prefix { $0 != Array("--".utf8) }.map { String(decoding: $0, as: UTF8.self) }
    if options.contains("--help-all") { return PrintCommand(HelpText(syntax, of: name, isFull: true).lines) }
    if options.contains("--help") || options.contains("-h") {
      return PrintCommand(HelpText(syntax, of: name).lines)
    }
    let arguments = try Arguments(rest, for: syntax, of: name)
    if let type = types.first(where: { $0.syntax.name == first }) { return try type.init(arguments) }
    return try textCommand(first, arguments)
  }

  /// Runs `command`, and says why if it cannot do what it was told.
  package func run(_ command: any Command) async -> ExitStatus {
    var status: ExitStatus
    do throws(Failure) {
      status = try await command.run()
    } catch {
      report(error.message)
      status = error.status
    }
    if !Terminal.flush() && status == .success {
      report("standard output cannot be written")
      status = .inputOutput
    }
    return status
  }

  /// Prints why the program cannot do what it was told.
  package func report(_ line: String) { Terminal.log("\(name): \(line)") }

  // MARK: What all programs have

  private static let completions = CommandSyntax(
    "completions", "prints what a shell needs to complete commands",
    operands: [Operand(.choice("SHELL", Shell.allCases.map(\.rawValue)))],
    description:
      "Prints a script for bash, zsh or fish that completes commands, options, and the names of framings.",
    details: [
      "It is made from what the program knows of itself, so it is to be printed anew with a new version."
    ],
    statuses: [.inputOutput])

  private static let manual = CommandSyntax(
    "man", "prints the manual page",
    description: "Prints the manual page, in the language of man(1).",
    statuses: [.inputOutput])

  private func textCommand(_ command: String, _ arguments: Arguments) throws(Failure) -> any Command {
    if command == Self.manual.name { return PrintCommand(ManualPage(self).lines) }
    let text = String(decoding: arguments.operands[0], as: UTF8.self)
    guard let shell = Shell(rawValue: text) else {
      let known = Shell.allCases.map(\.rawValue).joined(separator: " or ")
      throw Failure(.usage, "SHELL is \(known), not \(Quote.text(text))")
    }
    return PrintCommand(shell.completions(for: self))
  }
}

/// Prints a text.
private struct PrintCommand: Command {
  static let syntax = CommandSyntax("", "", description: "")
  let lines: [String]

  init(_ lines: [String]) { self.lines = lines }
  init(_ arguments: Arguments) { lines = [] }

  func run() throws(Failure) -> ExitStatus {
    for line in lines { Terminal.print(line) }
    return .success
  }
}
