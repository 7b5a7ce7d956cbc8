/// A program with subcommands: what its first words mean, and how it ends.
package struct Program: Sendable {
  /// The name that its errors begin with.
  package let name: String
  private let help: String
  private let commands: [(name: String, type: any Command.Type)]

  /// A program.
  ///
  /// - Parameters:
  ///   - name: What it is called by, and calls itself.
  ///   - help: What `--help` prints.
  ///   - commands: The commands, as they are called.
  package init(_ name: String, help: String, commands: [(name: String, type: any Command.Type)]) {
    self.name = name
    self.help = help
    self.commands = commands
  }

  /// The command that the arguments behind the program's name ask for.
  package func command(_ words: [[UInt8]]) throws(Failure) -> any Command {
    let known = commands.map { $0.name }.joined(separator: ", ")
    guard let first = words.first.map({ String(decoding: $0, as: UTF8.self) }) else {
      throw Failure(.usage, "no command; known are \(known) (\(name) --help says what they do)")
    }
    if ["--help", "-h"].contains(first) { return PrintCommand(text: help) }
    if first == "--version" { return PrintCommand(text: "\(name), unreleased") }
    guard let type = commands.first(where: { $0.name == first })?.type else {
      let kind = first.hasPrefix("-") ? "option" : "command"
      let options = first.hasPrefix("-") ? ", --help, --version" : ""
      throw Failure(.usage, "unknown \(kind) \(Quote.text(first)); known are \(known)\(options)")
    }
    let rest = words.dropFirst()
    // Behind `--` everything is an operand.
    let options = rest.prefix { $0 != Array("--".utf8) }.map { String(decoding: $0, as: UTF8.self) }
    if options.contains("--help") || options.contains("-h") { return PrintCommand(text: type.help) }
    return try type.init(arguments: rest)
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
}

/// Prints a text: what `--help` and `--version` do.
private struct PrintCommand: Command {
  static let help = ""
  let text: String

  init(text: String) { self.text = text }
  init(arguments: ArraySlice<[UInt8]>) { text = "" }

  func run() throws(Failure) -> ExitStatus {
    Terminal.print(text)
    return .success
  }
}
