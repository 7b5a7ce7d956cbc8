import Framing
import FramingTestKit
import ToolSupport

/// `framing replay`: holds framers to recorded streams, cut in every way.
struct ReplayCommand: Command {
  static let syntax = CommandSyntax(
    "replay", "checks recorded streams, cut in every way",
    operands: [Operand(Value("PATH", .files), .some)],
    description: """
      Replays recorded streams, as their files say and then cut in every other way: in one piece, byte by byte, at each \
      place, and at random. PATH is such a file, or a folder, whose files that end with .frames are replayed, however \
      deep. Prints "ok" or "FAIL" for each file, what was not as written, and a last line.
      """,
    details: ["Fixtures/README.md says what such a file looks like."],
    examples: ["framing replay Fixtures", "framing replay Fixtures/delimiter/cut-in-the-delimiter.frames"],
    statuses: [.different, .noInput, .inputOutput])

  private static let shown = 5

  private let paths: [[UInt8]]

  init(_ arguments: Arguments) { paths = arguments.operands }

  func run() throws(Failure) -> ExitStatus {
    var failed = 0
    let files = try FixtureFiles.find(paths)
    for path in files {
      let name = Quote.path(path)
      let problems = Self.problems(of: path)
      if problems.isEmpty {
        Terminal.print(Terminal.styled("ok", .payload) + "    \(name)")
        continue
      }
      failed += 1
      Terminal.print(Terminal.styled("FAIL", .wrong) + "  \(name)")
      for problem in problems.prefix(Self.shown) { Terminal.print("      \(problem)") }
      if problems.count > Self.shown {
        Terminal.print("      and \(problems.count - Self.shown) more")
      }
    }
    let count = "\(files.count) recorded \(files.count == 1 ? "stream" : "streams")"
    Terminal.print("\(count), \(failed == 0 ? "all as written" : "\(failed) failed")")
    return failed == 0 ? .success : .different
  }

  /// What is wrong with a file, or with what came of it.
  private static func problems(of path: [UInt8]) -> [String] {
    let name = Quote.path(path)
    do {
      guard let text = String(validating: try InputFile(path: path).readAll(), as: UTF8.self) else {
        return ["\(name): the text is not UTF-8"]
      }
      return FixtureReplay(try Fixture(text, name: name)).mismatches().map { "\($0)" }
    } catch let failure as Failure {
      return [failure.message]
    } catch {
      return ["\(error)"]
    }
  }
}
