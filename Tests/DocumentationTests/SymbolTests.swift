import Foundation
import Testing

@Suite("The public symbols", .serialized)
struct SymbolTests {
  /// A symbol as the symbol graph has it.
  struct Symbol {
    let name: String
    let comment: String?
    let declaration: String

    init?(_ json: [String: Any]) {
      guard let path = json["pathComponents"] as? [String] else { return nil }
      let fragments = json["declarationFragments"] as? [[String: Any]] ?? []
      let lines = (json["docComment"] as? [String: Any])?["lines"] as? [[String: Any]]
      name = path.joined(separator: ".")
      declaration = fragments.compactMap { $0["spelling"] as? String }.joined()
      comment = lines.map { $0.compactMap { $0["text"] as? String }.joined(separator: "\n") }
    }

    /// Whether it is a function that throws by itself: more than what a closure, which it is given, throws.
    var isThrowing: Bool {
      guard declaration.contains("func ") || declaration.contains("init") else { return false }
      var depth = 0
      var behind = ""
      for character in declaration {
        if character == ")" { depth -= 1 }
        if depth == 0 { behind.append(character) }
        if character == "(" { depth += 1 }
      }
      // `throws(Failure)` has lost what stands between its parentheses.
      return behind.contains("throws") && !declaration.contains("throws(Failure)")
    }
  }

  static let modules = ["Framing", "FramingTransport", "FramingTestKit", "FramingSimulation"]

  static func symbols(of module: String) async throws -> [Symbol] {
    let compiler = try Compiler("symbols")
    defer { compiler.remove() }
    let graph =
      try JSONSerialization.jsonObject(with: await compiler.symbolGraph(of: module)) as? [String: Any]
    return (graph?["symbols"] as? [[String: Any]] ?? []).compactMap(Symbol.init)
  }

  @Test("are documented, each of them", arguments: modules)
  func comments(module: String) async throws {
    let symbols = try await Self.symbols(of: module)
    #expect(symbols.count > 50)
    let bare = symbols.filter { $0.comment?.isEmpty ?? true }.map(\.name)
    #expect(bare == [])
  }

  @Test("say what they throw", arguments: modules)
  func errors(module: String) async throws {
    let silent = try await Self.symbols(of: module).filter { symbol in
      symbol.isThrowing && !(symbol.comment?.contains("- Throws:") ?? false)
    }
    #expect(silent.map(\.name) == [])
  }
}
