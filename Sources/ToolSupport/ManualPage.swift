import Framing

/// The manual page of a program, in the `mdoc` language, which both man and mandoc read.
package struct ManualPage {
  package private(set) var lines: [String] = []

  package init(_ program: Program) {
    lines = [
      ".Dd \(Version.date)", ".Dt \(program.name.uppercased()) 1", ".Os",
      ".Sh NAME", ".Nm \(program.name)", ".Nd \(Self.escaped(program.summary))",
    ]
    add(".Sh SYNOPSIS")
    for command in program.commands { addSynopsis(command) }
    add(".Nm \(program.name)", ".Fl -help | Fl -version")
    add(".Sh DESCRIPTION")
    addText(program.description)
    for command in program.commands { add(command) }
    addFramings()
    add(".Sh ENVIRONMENT", ".Bl -tag -width Ds")
    let terminal = (
      name: "NO_COLOR", meaning: "Nothing is coloured if it is set. A pipe gets no colour anyhow."
    )
    for variable in program.environment + [terminal] {
      add(".It Ev \(variable.name)")
      addText(variable.meaning)
    }
    add(".El", ".Sh EXIT STATUS", ".Bl -tag -width Ds")
    for status in program.statuses { add(".It \(status.rawValue)", Self.escaped(status.meaning)) }
    add(".El", ".Sh EXAMPLES")
    addLiteral(program.examples)
  }

  private mutating func add(_ new: String...) { lines += new }

  /// Adds text, each sentence in lines of its own, as editors and comparisons like it.
  private mutating func addText(_ text: String) {
    for sentence in text.replacing(". ", with: ".\n").split(separator: "\n") {
      lines += Columns(secondAt: 0, width: 78).row("", Self.escaped(String(sentence))).map(Self.guarded)
    }
  }

  private mutating func addLiteral(_ text: [String]) {
    add(".Bd -literal -offset indent")
    lines += text.map { Self.guarded(Self.escaped($0)) }
    add(".Ed")
  }

  // MARK: Commands

  private mutating func addSynopsis(_ command: CommandSyntax) {
    add(".Nm", ".Cm \(command.name)")
    if !command.options.isEmpty { add(".Op Ar options") }
    for operand in command.operands {
      let name = "Ar \(operand.value.placeholder)" + (operand.isRepeated ? " ..." : "")
      add(operand.isRequired ? ".\(name)" : ".Op \(name)")
    }
  }

  private mutating func add(_ command: CommandSyntax) {
    add(".Ss \(command.name)")
    addText(command.description)
    for group in command.groups where !group.options.isEmpty {
      if !group.title.isEmpty { add(".Pp", Self.escaped(group.title) + ":") }
      add(".Bl -tag -width Ds")
      for option in group.options {
        let value = option.value.map { " Ar \($0.placeholder)" } ?? ""
        add(".It Fl \(Self.escaped(String(option.name.dropFirst())))\(value)")
        addText(option.meaning)
      }
      add(".El")
    }
    for paragraph in command.details {
      if paragraph.hasPrefix(" ") {
        addLiteral(paragraph.split(separator: "\n").map(String.init))
      } else {
        add(".Pp")
        addText(paragraph)
      }
    }
    if !command.examples.isEmpty { addLiteral(command.examples) }
  }

  // MARK: Framings

  private mutating func addFramings() {
    add(".Sh FRAMINGS")
    addText(
      #"""
      A SPEC is one of these names, or a name with options: name:key=value,key=value. In a value, \n \r \t \0 \\ \, \| \#
      and \xHH stand for bytes; such a SPEC has to be quoted in a shell.
      """#)
    add(".Bl -tag -width Ds")
    for framer in FramerCatalog.framers {
      let options = FramerCatalog.options(of: framer).map { "\($0.key)=\($0.form)" }
      add(".It \(framer.specName)")
      addText("\(framer.summary): \(options.joined(separator: ", "))")
    }
    add(".El", ".Pp", "Presets, which stand for one of them with options:", ".Bl -tag -width Ds")
    for preset in FramerPreset.all {
      add(".It \(preset.name)")
      addText(preset.summary)
    }
    add(".El")
  }

  /// Text as roff takes it for itself.
  private static func escaped(_ text: String) -> String {
    var line = ""
    for character in text {
      switch character {
      case "\\": line += "\\e"
      case "-": line += "\\-"
      default: line.append(character)
      }
    }
    return line
  }

  /// A line that is no request, whatever it begins with.
  private static func guarded(_ line: String) -> String {
    line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
  }
}
