/// The shells that commands can be completed in.
package enum Shell: String, CaseIterable, Sendable {
  case bash, zsh, fish

  /// A script for the shell that completes the command lines of `program`.
  package func completions(for program: Program) -> [String] {
    switch self {
    case .bash: BashCompletions(program).lines
    case .zsh: ZshCompletions(program).lines
    case .fish: FishCompletions(program).lines
    }
  }

  /// `text` as one word of any of these shells.
  static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

extension Value {
  /// The words that a shell can offer; none for files, which it knows itself.
  var words: [String] {
    switch candidates {
    case .nothing, .files: []
    case .words(let words): words
    case .specs: Self.specNames
    }
  }
}

extension CommandSyntax {
  /// All options, and the one that every command has.
  var allOptions: [Option] {
    options + [Option("--help", nil, "says how to call it")]
      + (groups.count > 1 || !details.isEmpty ? [Option("--help-all", nil, "says all")] : [])
  }
}
