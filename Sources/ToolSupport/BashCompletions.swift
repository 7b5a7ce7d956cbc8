/// Completions for bash, in a function of their own.
///
/// Readline takes `:` and `=` for the ends of words, so what is completed of a SPEC is its name.
struct BashCompletions {
  private(set) var lines: [String] = []

  init(_ program: Program) {
    let function = "_" + program.name.replacing("-", with: "_")
    let commands = program.commands.map(\.name).joined(separator: " ")
    lines = [
      "# Completions of \(program.name) for bash: eval \"$(\(program.name) completions bash)\"",
      "\(function)() {",
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}",
      "  local specs=\(Shell.quoted(Value.specNames.joined(separator: " ")))",
      "  local options= index operands=0",
      "  COMPREPLY=()",
      "  if ((COMP_CWORD == 1)); then",
      "    COMPREPLY=($(compgen -W '\(commands) --help --version' -- \"$current\"))",
      "    return",
      "  fi",
      "  # The value of an option.",
      "  case $command:$previous in",
    ]
    for command in program.commands {
      for option in command.options {
        guard let value = option.value else { continue }
        lines.append("    \(command.name):\(option.name)) \(Self.offer(value)); return ;;")
      }
    }
    lines += [
      "  esac",
      "  if [[ $current == -* ]]; then",
      "    case $command in",
    ]
    for command in program.commands {
      let options = command.allOptions.map(\.name).joined(separator: " ")
      lines.append("      \(command.name)) options='\(options)' ;;")
    }
    lines += [
      "    esac",
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))",
      "    return",
      "  fi",
      "  # The operand that comes next.",
      "  for ((index = 2; index < COMP_CWORD; index++)); do",
      "    case $command:${COMP_WORDS[index]} in",
    ]
    let valued = program.commands.flatMap { command in
      command.options.filter { $0.value != nil }.map { "\(command.name):\($0.name)" }
    }
    if !valued.isEmpty { lines.append("      \(valued.joined(separator: " | "))) ((index++)) ;;") }
    lines += [
      "      *:-?*) ;;", "      *) ((operands++)) ;;", "    esac", "  done", "  case $command:$operands in",
    ]
    for command in program.commands {
      for (index, operand) in command.operands.enumerated() {
        let place = operand.isRepeated ? "*" : "\(index)"
        lines.append("    \(command.name):\(place)) \(Self.offer(operand.value)) ;;")
      }
    }
    lines += ["  esac", "}", "complete -F \(function) \(program.name)"]
  }

  /// The command that offers what an argument may be.
  private static func offer(_ value: Value) -> String {
    switch value.candidates {
    case .nothing: ":"
    case .files:
      "local IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$current\")); compopt -o filenames 2> /dev/null"
    case .specs: "COMPREPLY=($(compgen -W \"$specs\" -- \"$current\"))"
    case .words(let words): "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$current\"))"
    }
  }
}
