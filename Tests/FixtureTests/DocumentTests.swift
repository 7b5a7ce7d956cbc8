import Foundation
import Framing
import Testing

@Suite("Documents and sources")
struct DocumentTests {
  static let framers = FramerCatalog.framers.map { $0.specName }

  @Test("have at least eight fixtures for each framer of the catalog", arguments: framers)
  func fixtures(of framer: String) {
    let count = Repository.fixtures.count { $0.hasPrefix(framer + "/") }
    #expect(count >= 8, "Fixtures/\(framer) has \(count)")
  }

  @Test("have a section of PROTOCOL.md for each framer of the catalog", arguments: framers)
  func section(of framer: String) throws {
    let sections = try Self.sections(of: "PROTOCOL.md")
    #expect(sections.contains { $0.contains("Fixtures/\(framer)/") })
  }

  @Test("have a row of PROTOCOL.md for each preset, with its spec, and no other row")
  func presets() throws {
    let sections = try Self.sections(of: "PROTOCOL.md").filter { $0.hasPrefix("## Presets\n") }
    #expect(sections.count == 1)
    let rows = sections.joined().split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
    #expect(rows == FramerPreset.all.map { "| `\($0.name)` | `\($0.spec)` | \($0.source) |" })
  }

  @Test(
    "have no empty fixture folder, and a section of PROTOCOL.md for each",
    arguments: Repository.fixtureFolders)
  func folder(_ folder: String) throws {
    #expect(Repository.fixtures.contains { $0.hasPrefix(folder + "/") }, "Fixtures/\(folder) is empty")
    let sections = try Self.sections(of: "PROTOCOL.md")
    #expect(sections.contains { $0.contains("Fixtures/\(folder)/") })
  }

  @Test("keep the core free of imports")
  func imports() throws {
    let files = Repository.files(in: "Sources/Framing", suffix: ".swift")
    #expect(!files.isEmpty)
    for file in files {
      let lines = try Repository.text(of: "Sources/Framing/" + file).split(separator: "\n")
      #expect(!lines.contains(where: Self.isImport), "\(file)")
    }
  }

  @Test("tell platforms apart in one file of Swift")
  func platform() throws {
    let files = try Repository.files(in: "Sources", suffix: ".swift").filter {
      let text = try Repository.text(of: "Sources/" + $0)
      return ["canImport(", "os(", "targetEnvironment("].contains { text.contains("#if \($0)") }
    }
    #expect(files == ["ToolSupport/Platform.swift"])
  }

  @Test("depend on no package")
  func packages() throws {
    let manifest = try Repository.text(of: "Package.swift")
    #expect(!manifest.contains(".package("))
  }

  @Test(
    "tell an import from other lines",
    arguments: [
      ("import Glibc", true), ("  @_exported import Foundation", true),
      ("public import struct Foundation.URL", true),
      ("// import Glibc", false), ("/// import Framing", false), ("let important = 1", false),
    ])
  func importLine(line: String, isImport: Bool) {
    #expect(Self.isImport(Substring(line)) == isImport)
  }

  /// Whether `line` is an import, with access and attributes or without.
  private static func isImport(_ line: Substring) -> Bool {
    let prefixes = ["public", "package", "internal", "fileprivate", "private"]
    let words = line.split { $0 == " " || $0 == "\t" }
    return words.drop { $0.hasPrefix("@") || prefixes.contains(String($0)) }.first == "import"
  }

  /// The level-2 sections of a Markdown file, each with its heading; what stands in code blocks is no heading.
  private static func sections(of path: String) throws -> [String] {
    var sections: [String] = []
    var isCode = false
    for line in try Repository.text(of: path).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") { isCode.toggle() }
      if line.hasPrefix("## ") && !isCode { sections.append("") }
      if !sections.isEmpty { sections[sections.count - 1] += line + "\n" }
    }
    return sections
  }
}
