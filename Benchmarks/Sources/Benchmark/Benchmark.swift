import CDecoders
import Foundation

/// Measures swift-framing beside others, and prints what came of it as Markdown.
@main
struct Benchmark {
  static func main() {
    do {
      c_keep_freed_memory()
      try Benchmark(Array(CommandLine.arguments.dropFirst())).run()
    } catch {
      FileHandle.standardError.write(Data("benchmark: \(error)\n".utf8))
      exit(error is Regression ? 1 : error is Misuse ? 64 : 70)
    }
  }

  /// Words that say nothing to be done.
  private struct Misuse: Error, CustomStringConvertible {
    let description: String
    init(_ problem: String) { description = problem + "; see Benchmarks/run --help" }
  }

  private struct Regression: Error, CustomStringConvertible { let description: String }

  private var options = Options()
  private var words: [String] = []
  private let programs: Programs
  /// The folders of this package and of the one it measures.
  private let folder: String
  private let root: String
  private var baseline: String { "\(folder)/baseline.json" }

  private init(_ arguments: [String]) throws {
    let own = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent().path
    folder = ProcessInfo.processInfo.environment["BENCHMARKS"] ?? "."
    root = folder + "/.."
    programs = Programs(
      folder: own, framedEcho: ProcessInfo.processInfo.environment["FRAMED_ECHO"] ?? "\(own)/framed-echo")
    var arguments = arguments[...]
    while let word = arguments.popFirst() {
      switch word {
      case "--rounds": options.rounds = try Self.number(arguments.popFirst())
      case "--milliseconds": options.milliseconds = try Self.number(arguments.popFirst())
      case "--only":
        guard let text = arguments.popFirst() else { throw Misuse("the text of --only is missing") }
        options.only = text
      case "--quiet": options.isQuiet = true
      case _ where word.hasPrefix("-"): throw Misuse("there is no option \(word)")
      default: words.append(word)
      }
    }
  }

  private static func number(_ word: String?) throws -> Int {
    guard let number = word.flatMap({ Int($0) }), number > 0 else {
      throw Misuse("a number above 0 is missing")
    }
    return number
  }

  private func run() throws {
    switch words.first ?? "all" {
    case "all":
      print("# Benchmarks\n\n\(Machine.text(folder))\n")
      for part in ["decode", "encode", "echo", "idle", "calls", "instructions", "loops", "build"] {
        print(try text(of: part))
      }
    case "compare":
      let now = Baseline(try ["decode", "echo"].flatMap { try measure($0) })
      let regressions = try Baseline(contentsOf: baseline).regressions(in: now)
      guard regressions.isEmpty else {
        throw Regression(description: "worse:\n" + regressions.joined(separator: "\n"))
      }
      print("no ratio is worse than in \(baseline)")
    case "baseline": try Baseline(try ["decode", "echo"].flatMap { try measure($0) }).write(to: baseline)
    case "plots":
      try GrowthBenchmark(programs: programs, options: options).run(into: words.dropFirst().first ?? ".")
    case "page":
      guard let file = words.dropFirst().first else { throw Misuse("the file of the page is missing") }
      guard let old = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw Misuse("no page can be read at \(file)")
      }
      let page = try Page.renewed(old) { try Benchmark($0).text() }
      try page.write(toFile: file, atomically: true, encoding: .utf8)
    default: print(try text())
    }
  }

  /// The tables of the parts that were asked for.
  private func text() throws -> String { try words.map { try text(of: $0) }.joined(separator: "\n") }

  private func text(of part: String) throws -> String {
    if part == "machine" { return Machine.text(folder) + "\n" }
    let sections = try measure(part)
    if sections.contains(where: { $0.rows.isEmpty }) {
      throw Misuse("\(part) has no row with \(options.only ?? "") in its name")
    }
    return sections.map(Markdown.text).joined(separator: "\n")
  }

  private func measure(_ part: String) throws -> [Section] {
    switch part {
    case "decode": DecodeBenchmark(options: options).run()
    case "encode": EncodeBenchmark(options: options).run()
    case "echo": try EchoBenchmark(programs: programs, options: options).run()
    case "idle": try IdleBenchmark(programs: programs, options: options).run()
    case "calls": try CallBenchmark(programs: programs, options: options).run()
    case "instructions": try InstructionBenchmark(programs: programs, options: options).run()
    case "loops": try LoopsBenchmark(programs: programs, options: options).run()
    case "build": try BuildBenchmark(options: options, ours: root, own: folder).run()
    default: throw Misuse("nothing is called \(part)")
    }
  }
}
