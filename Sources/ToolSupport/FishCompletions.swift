/// Completions for fish, a line for each thing that can be typed.
struct FishCompletions {
  private(set) var lines: [String] = []
  private let program: String
  private let count: String

  init(_ program: Program) {
    self.program = program.name
    count = "__" + program.name.replacing("-", with: "_") + "_operands"
    let valued = Set(program.commands.flatMap(\.options).filter { $0.value != nil }.map(\.name)).sorted()
    lines = [
      "# Completions of \(program.name) for fish: \(program.name) completions fish | source",
      "function \(count) -d 'How many operands are there behind the command'",
      "  set -l operands 0",
      "  set -l is_value 0",
      "  for word in (commandline -opc)[3..]",
      "    if test $is_value = 1",
      "      set is_value 0",
      "    else if contains -- $word \(valued.joined(separator: " "))",
      "      set is_value 1",
      "    else if not string match -q -- '-?*' $word",
      "      set operands (math $operands + 1)",
      "    end",
      "  end",
      "  echo $operands",
      "end",
      "complete -c \(program.name) -f",
    ]
    add("-n __fish_use_subcommand -l help", "says what there is to call")
    add("-n __fish_use_subcommand -l version", "says which version it is")
    for command in program.commands { add(command) }
  }

  private mutating func add(_ rest: String, _ meaning: String) {
    lines.append("complete -c \(program) \(rest) -d \(Shell.quoted(meaning))")
  }

  private mutating func add(_ command: CommandSyntax) {
    add("-n __fish_use_subcommand -a \(command.name)", command.summary)
    let here = "__fish_seen_subcommand_from \(command.name)"
    for option in command.allOptions {
      let value = option.value.map { " " + Self.offer($0, requiring: "-x") } ?? ""
      add("-n '\(here)' -l \(option.name.dropFirst(2))\(value)", option.meaning)
    }
    for (index, operand) in command.operands.enumerated() {
      let place = "test (\(count)) \(operand.isRepeated ? "-ge" : "-eq") \(index)"
      add("-n '\(here); and \(place)' \(Self.offer(operand.value, requiring: ""))", operand.value.placeholder)
    }
  }

  /// The switches that offer what an argument may be.
  private static func offer(_ value: Value, requiring required: String) -> String {
    let words = value.words
    if value.candidates == .files { return required.isEmpty ? "-F" : "-r -F" }
    return required + (words.isEmpty ? "" : " -a \(Shell.quoted(words.joined(separator: " ")))")
  }
}
