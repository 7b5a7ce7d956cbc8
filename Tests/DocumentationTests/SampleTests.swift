import Foundation
import Testing

@Suite("The code of the documentation")
struct SampleTests {
  static let samples = Result { try Sample.all() }
  static let programs = ((try? samples.get()) ?? []).filter(\.isProgram)

  @Test("is there")
  func presence() throws {
    #expect(try Self.samples.get().count > 20)
    #expect(Self.programs.count { $0.isRun } > 5)
  }

  @Test("compiles, if it is a part of something")
  func fragments() throws {
    let compiler = try Compiler("fragments")
    defer { compiler.remove() }
    var files = ["Surroundings.swift": Sample.surroundings]
    for (number, sample) in try Self.samples.get().filter({ !$0.isProgram }).enumerated() {
      files["Part\(number).swift"] = sample.function(named: "part\(number)")
    }
    // They make values that they do not use.
    let problems = try compiler.problems(in: files, options: ["-parse-as-library", "-suppress-warnings"])
    #expect(problems == "")
  }

  @Test("compiles without a warning, if it is a program", arguments: programs.map(\.block))
  func program(block: CodeBlock) throws {
    let sample = Sample(block: block, next: nil)
    let compiler = try Compiler("program")
    defer { compiler.remove() }
    let problems = try compiler.problems(
      in: [sample.isTest ? "Tests.swift" : "main.swift": sample.program],
      options: ["-warnings-as-errors"] + (sample.isManifest ? compiler.manifestFlags() : []))
    #expect(problems == "")
  }

  @Test("prints what it says it prints", arguments: programs.filter(\.isRun).map(\.block.place))
  func output(place: String) throws {
    let sample = try #require(Self.programs.first { $0.block.place == place })
    let compiler = try Compiler("output")
    defer { compiler.remove() }
    let lines = try compiler.output(of: sample.program).split(separator: "\n")
    let expected = sample.expectedOutput
    let isEqual = lines.count == expected.count && zip(lines, expected).allSatisfy { Sample.matches($0, $1) }
    #expect(isEqual, "\(place) prints \(lines), not \(expected)")
  }
}
