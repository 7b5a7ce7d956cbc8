/// A piece of code in the text of a page that is a whole expression, as `LineFramer(limit: 100)`.
///
/// Those that call something of this package are checked, with what ``Sample/surroundings`` has; not names of functions, as
/// `changing(to:)`, nor what leaves something out, as `FramedServer(..., proxies:)`.
struct Expression {
  let path: String
  let line: Int
  let code: String

  /// What they begin with.
  static let beginnings = [
    "FrameDecoder", "FrameEncoder", "FramedServer", "FramedConnection", "FramerLaws", "FixtureReplay",
    "FramerSpec",
    "EventLoop", "Drain", "SimulatedNetwork", "String", "connection", "decoder", "server", "try FramerSpec",
  ]

  /// All of them in the pages of this package.
  static func all() throws -> [Expression] {
    try Repository.pages.flatMap { path in
      var isCode = false
      var found: [Expression] = []
      let lines = try Repository.text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        if line.hasPrefix("```") { isCode.toggle() }
        if isCode { continue }
        for match in line.matches(of: /`([^`]+)`/) where isExpression(match.1) {
          found.append(Expression(path: path, line: index + 1, code: String(match.1)))
        }
      }
      return found
    }
  }

  private static func isExpression(_ span: Substring) -> Bool {
    guard span.contains("("), span.hasSuffix(")") || span.hasSuffix(".framer"), !span.hasSuffix(":)") else {
      return false
    }
    guard !span.contains("...") else { return false }
    let head = span.prefix { $0 != "(" && $0 != "." }
    return beginnings.contains(String(head)) || head.hasSuffix("Framer")
  }

  /// The expression in a function, which says where it stands if something is wrong with it.
  func function(named name: String) -> String {
    """
    func \(name)(connection: isolated FramedConnection, decoder: consuming FrameDecoder<LineFramer>) async throws {
    #sourceLocation(file: "\(path)", line: \(line))
    _ = try await \(code)
    #sourceLocation()
    }
    """
  }
}
