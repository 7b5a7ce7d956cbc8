import Foundation
import Testing

@Suite("The figures of README.md")
struct FigureTests {
  /// The columns of README.md behind the first, as the page of the benchmarks calls them.
  static let contestants = ["framing, sync", "framing, async", "SwiftNIO", "SwiftNIO, tuned"]

  @Test("are the ratios of the page of the benchmarks")
  func figures() throws {
    let page = try Repository.text(of: "Sources/FramingTransport/FramingTransport.docc/PERFORMANCE.md")
    let table = try #require(page.components(separatedBy: "### Echo: processor time of the server").last)
      .split(separator: "\n").drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
    let columns = Self.cells(try #require(table.first))
    let rows = try Repository.text(of: "README.md").split(separator: "\n").filter { $0.hasPrefix("| echo: ") }
    #expect(rows.count == table.count - 2)
    for row in rows {
      let cells = Self.cells(row)
      let name = cells[0].replacing("echo: ", with: "")
      let measured = Self.cells(try #require(table.first { $0.hasPrefix("| \(name) |") }, "\(name)"))
      let ratios = try Self.contestants.map { contestant in
        let cell = measured[try #require(columns.firstIndex(of: contestant))]
        let bold = cell.components(separatedBy: "**").dropFirst().first
        let ratio = try #require(bold.flatMap { Double($0) }, "\(cell)")
        return String(format: "%.1f", ratio)
      }
      #expect(Array(cells.dropFirst()) == ratios, "\(row)")
    }
  }

  private static func cells(_ row: Substring) -> [String] {
    row.dropFirst(2).dropLast(2).components(separatedBy: " | ")
  }
}
