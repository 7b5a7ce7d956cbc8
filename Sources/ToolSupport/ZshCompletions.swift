/// Completions for zsh, by its own `_arguments`.
struct ZshCompletions {
  private(set) var lines: [String] = []

  init(_ program: Program) {
    let function = "_" + program.name.replacing("-", with: "_")
    lines = [
      "#compdef \(program.name)",
      "# Completions of \(program.name) for zsh: into a file _\(program.name) of a folder in $fpath.",
      "\(function)() {",
      "  local -a commands=(",
    ]
    for command in program.commands {
      lines.append("    " + Shell.quoted("\(command.name):\(command.summary)"))
    }
    lines += [
      "  )",
      "  local -a specs=(\(Value.specNames.joined(separator: " ")))",
      "  if ((CURRENT == 2)); then",
      "    _describe command commands",
      "    return",
      "  fi",
      "  shift words",
      "  ((CURRENT--))",
      "  case $words[1] in",
    ]
    for command in program.commands {
      lines.append("    \(command.name))")
      let words = command.allOptions.map(Self.specification) + Self.operands(of: command)
      lines.append("      _arguments \\")
      for word in words { lines.append("        \(word) \\") }
      lines += ["        && return", "      ;;"]
    }
    lines += ["  esac", "}", "compdef \(function) \(program.name)"]
  }

  /// An option as `_arguments` takes it.
  private static func specification(_ option: Option) -> String {
    // A bracket would end the text, and a colon the name.
    let meaning = option.meaning.replacing("[", with: "(").replacing("]", with: ")")
    guard let value = option.value else { return Shell.quoted("\(option.name)[\(meaning)]") }
    return Shell.quoted("\(option.name)=[\(meaning)]:\(value.placeholder):") + action(value)
  }

  private static func operands(of command: CommandSyntax) -> [String] {
    command.operands.enumerated().map { index, operand in
      let place = operand.isRepeated ? "*" : "\(index + 1)"
      return Shell.quoted("\(place):\(operand.value.placeholder):") + action(operand.value)
    }
  }

  private static func action(_ value: Value) -> String {
    switch value.candidates {
    case .nothing: ""
    case .files: "_files"
    case .specs: "\"($specs)\""
    case .words(let words): "'(\(words.joined(separator: " ")))'"
    }
  }
}
