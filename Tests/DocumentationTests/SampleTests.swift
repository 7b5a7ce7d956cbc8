import Foundation
import Testing

// One compiler at a time: other tests share the machine.
@Suite("The code of the documentation", .serialized)
struct SampleTests {
  static let samples = Result { try Sample.all() }
  static let programs = ((try? samples.get()) ?? []).filter(\.isProgram)

  @Test("is there")
  func presence() throws {
    #expect(try Self.samples.get().count > 20)
    #expect(Self.programs.count { $0.isRun } > 5)
  }

  @Test("compiles, if it is a part of something")
  func fragments() async throws {
    let compiler = try Compiler("fragments")
    defer { compiler.remove() }
    var files = ["Surroundings.swift": Sample.surroundings]
    for (number, sample) in try Self.samples.get().filter({ !$0.isProgram }).enumerated() {
      files["Part\(number).swift"] = sample.function(named: "part\(number)")
    }
    // They make values that they do not use.
    let problems = try await compiler.problems(
      in: files, options: ["-parse-as-library", "-suppress-warnings"])
    #expect(problems == "")
  }

  @Test("compiles without a warning, if it is a program", arguments: programs.map(\.block))
  func program(block: CodeBlock) async throws {
    let sample = Sample(block: block, next: nil)
    let compiler = try Compiler("program")
    defer { compiler.remove() }
    let problems = try await compiler.problems(
      in: [sample.isTest ? "Tests.swift" : "main.swift": sample.program],
      options: ["-warnings-as-errors"] + (sample.isManifest ? await compiler.manifestFlags() : []))
    #expect(problems == "")
  }

  @Test("compiles, if it is an expression in a text")
  func expressions() async throws {
    let compiler = try Compiler("expressions")
    defer { compiler.remove() }
    let expressions = try Expression.all()
    #expect(expressions.count > 20)
    let functions = expressions.enumerated().map { $1.function(named: "expression\($0)") }
    let problems = try await compiler.problems(
      in: ["Expressions.swift": ([Sample.surroundings] + functions).joined(separator: "\n")],
      options: ["-parse-as-library", "-suppress-warnings"])
    #expect(problems == "")
  }

  @Test(
    "prints what it says it prints", .disabled(if: Compiler.isSanitized),
    arguments: programs.filter(\.isRun).map(\.block.place))
  func output(place: String) async throws {
    let sample = try #require(Self.programs.first { $0.block.place == place })
    let compiler = try Compiler("output")
    defer { compiler.remove() }
    let lines = try await compiler.output(of: sample.program).split(separator: "\n")
    #expect(sample.prints(lines), "\(place) prints \(lines), not \(sample.expectedOutput)")
  }
}
