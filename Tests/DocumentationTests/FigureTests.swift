import Foundation
import Testing

@Suite("The figures of README.md")
struct FigureTests {
  /// The columns of the table behind the first, as the benchmarks call them.
  static let contestants = ["framing, sync", "framing, async", "SwiftNIO", "SwiftNIO, tuned"]

  struct Baseline: Decodable {
    struct Entry: Decodable { let ratio: Double }
    let ratios: [String: Entry]
  }

  @Test("are those of Benchmarks/baseline.json")
  func figures() throws {
    let baseline = try JSONDecoder().decode(
      Baseline.self, from: Data(Repository.text(of: "Benchmarks/baseline.json").utf8))
    let rows = try Repository.text(of: "README.md").split(separator: "\n").filter { $0.hasPrefix("| echo: ") }
    #expect(rows.count == 5)
    for row in rows {
      let cells = row.dropFirst(2).dropLast(2).components(separatedBy: " | ")
      let benchmark = cells[0].replacing("echo: ", with: "echo | ")
      let measured = try Self.contestants.map { contestant in
        let entry = try #require(
          baseline.ratios["\(benchmark) | \(contestant)"], "\(benchmark) | \(contestant)")
        return String(format: "%.1f", entry.ratio)
      }
      #expect(Array(cells.dropFirst()) == measured, "\(row)")
    }
  }
}
