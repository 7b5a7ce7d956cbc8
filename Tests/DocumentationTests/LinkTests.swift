import Foundation
import Testing

@Suite("The links of the documentation")
struct LinkTests {
  /// A link in a page to another one, or to a place in it.
  struct Link {
    let page: String
    let line: Int
    let target: String
  }

  /// The links of each page.
  static let links = Dictionary(
    uniqueKeysWithValues: Repository.pages.map { ($0, (try? findLinks(in: $0)) ?? []) })

  private static func findLinks(in page: String) throws -> [Link] {
    var links: [Link] = []
    var isCode = false
    let lines = try Repository.text(of: page).split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if line.hasPrefix("```") { isCode.toggle() }
      if isCode || !line.contains("](") { continue }
      for match in line.matches(of: /\]\(([^)\s]+)\)/) {
        links.append(Link(page: page, line: index + 1, target: String(match.1)))
      }
    }
    return links
  }

  /// The anchors of the headings of a page, as code hosts make them.
  static func anchors(of page: String) throws -> Set<String> {
    var anchors: Set<String> = []
    var isCode = false
    for line in try Repository.text(of: page).split(separator: "\n") {
      if line.hasPrefix("```") { isCode.toggle() }
      guard !isCode, line.hasPrefix("#") else { continue }
      let title = line.drop { $0 == "#" }.dropFirst().lowercased()
      anchors.insert(
        title.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.replacing(" ", with: "-"))
    }
    return anchors
  }

  @Test("lead somewhere", arguments: Repository.pages)
  func targets(of page: String) throws {
    for link in Self.links[page] ?? [] where !link.target.contains(":") {
      let parts = link.target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let folder = page.split(separator: "/").dropLast().joined(separator: "/")
      let path = parts[0].isEmpty ? page : (folder.isEmpty ? "" : folder + "/") + parts[0]
      #expect(Repository.exists(path), "\(page):\(link.line) leads to \(link.target)")
      if parts.count == 2 && path.hasSuffix(".md") && Repository.exists(path) {
        let anchors = try Self.anchors(of: path)
        #expect(anchors.contains(String(parts[1])), "\(page):\(link.line) leads to \(link.target)")
      }
    }
  }

  @Test("are no web addresses without a lock", arguments: Repository.pages)
  func schemes(of page: String) {
    let insecure = (Self.links[page] ?? []).filter { $0.target.hasPrefix("http:") }
    #expect(insecure.map(\.line) == [])
  }

  @Test("lead to every page of a catalogue", arguments: Repository.pages.filter { $0.contains(".docc/") })
  func reach(page: String) {
    let name = page.split(separator: "/").last ?? ""
    let isLinked = Self.links.contains { other, links in
      other != page && links.contains { $0.target.split(separator: "#")[0].hasSuffix(name) }
    }
    #expect(isLinked, "no page leads to \(page)")
  }
}
