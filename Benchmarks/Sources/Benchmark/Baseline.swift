import Foundation

/// Ratios that were measured before and committed: what a change is held to.
struct Baseline: Codable {
  struct Entry: Codable {
    var ratio: Double
    /// How far the middle half of the rounds lay apart, as a part of the ratio.
    var noise: Double
  }

  /// By "section | row | column".
  var ratios: [String: Entry] = [:]

  /// The ratios of the sections that compare.
  init(_ sections: [Section]) {
    for section in sections where section.isCost {
      for measurement in section.measurements where measurement.column != section.reference {
        guard let ratio = measurement.ratios else { continue }
        ratios["\(section.name) | \(measurement.row) | \(measurement.column)"] = Entry(
          ratio: round3(ratio.median), noise: round3(ratio.spread))
      }
    }
  }

  init(contentsOf path: String) throws {
    self = try JSONDecoder().decode(Baseline.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path))
  }

  /// What has become worse than it was by more than the noise of both, in lines; higher ratios are worse.
  ///
  /// Only ours: that a peer has become slower is no fault.
  func regressions(in now: Baseline) throws -> [String] {
    let compared = ratios.filter { $0.key.contains("| framing") }.sorted { $0.key < $1.key }
      .compactMap { key, then in now.ratios[key].map { (key: key, then: then, now: $0) } }
    if compared.isEmpty { throw Problem("nothing that was measured is in the baseline") }
    return compared.compactMap { key, then, now in
      let allowed = then.ratio * (1 + max(then.noise, now.noise, Self.leastNoise))
      guard now.ratio > allowed else { return nil }
      return "\(key): \(now.ratio), was \(then.ratio), allowed \(round3(allowed))"
    }
  }

  /// Below this nothing means anything on a machine with other programs.
  private static let leastNoise = 0.1
}

private func round3(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
