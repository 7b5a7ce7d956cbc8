import Testing
import ToolSupport

@testable import FramedEcho
@testable import FramingTool

/// What both programs say of themselves; all of it is made of one description.
@Suite("Help, manual pages and completions")
struct HelpTests {
  private static let programs = [FramingTool.program, FramedEcho.program]
  private static let texts = programs.flatMap { program in
    [(program.name, HelpText(program).lines)]
      + program.commands.map { ("\(program.name) \($0.name)", HelpText($0, of: program.name).lines) }
  }

  @Test("fits a screen of 24 lines and 80 columns", arguments: texts)
  func screen(name: String, lines: [String]) {
    #expect(lines.count <= 24)
    #expect(lines.filter { $0.count > 80 } == [])
  }

  @Test(
    "says all in lines that fit, too", arguments: programs.flatMap { p in p.commands.map { (p.name, $0) } })
  func everything(program: String, command: CommandSyntax) {
    let lines = HelpText(command, of: program, isFull: true).lines
    #expect(lines.filter { $0.count > 80 } == [])
    for option in command.options {
      #expect(lines.contains { $0.hasPrefix("  \(option.form)") }, "\(option.name) is missing")
    }
  }

  @Test("shows command lines that the program takes", arguments: programs)
  func examples(program: Program) {
    let examples = program.examples + program.commands.flatMap(\.examples)
    for example in examples.flatMap({ $0.split(separator: "|") }) {
      // As a shell would cut it: quotes hold together, and what is redirected is no argument.
      let words = example.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap {
        $0.offset % 2 == 1 ? [$0.element] : $0.element.split(separator: " ")
      }
      guard words.first.map(String.init) == program.name else { continue }
      let arguments = words.dropFirst().prefix { !["<", ">", "&"].contains($0) }
      // A file may not be there; anything else is wrong.
      do throws(Failure) {
        _ = try program.command(arguments.map { Array($0.utf8) })
      } catch {
        #expect(error.status == .noInput, "\(example): \(error.message)")
      }
    }
  }

  @Test("names every command and option in the manual page", arguments: programs)
  func manual(program: Program) {
    let lines = ManualPage(program).lines
    for command in program.commands {
      #expect(lines.contains(".Ss \(command.name)"))
      for option in command.options {
        let name = option.name.dropFirst().replacing("-", with: "\\-")
        #expect(lines.contains { $0.hasPrefix(".It Fl \(name)") }, "\(option.name) is missing")
      }
    }
  }

  @Test("completes framings, presets and what options take, in every shell", arguments: Shell.allCases)
  func completions(shell: Shell) {
    for program in Self.programs {
      let script = shell.completions(for: program).joined(separator: "\n")
      for word in ["length-prefixed", "kafka", "bash zsh fish"] + program.commands.map(\.name) {
        #expect(script.contains(word), "\(word) is missing")
      }
    }
  }
}
