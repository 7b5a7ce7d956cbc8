/// What was measured in several rounds of one run.
struct Samples {
  var values: [Double]

  var median: Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1
      ? sorted[middle] : (sorted[middle - 1] + (middle < sorted.count ? sorted[middle] : last)) / 2
  }
  var least: Double { values.min() ?? .nan }
  var most: Double { values.max() ?? .nan }
  /// How far the middle half of the rounds lie apart, as a part of the median: a single round, in which the machine did
  /// something else, does not count.
  var spread: Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    return (sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]) / median
  }

  /// Round by round: what was measured together is compared.
  func ratios(to reference: Samples) -> Samples {
    Samples(values: zip(values, reference.values).map { $0 / $1 })
  }
}

/// One cell of a table: who (`column`) did what (`row`), and what it cost.
struct Measurement {
  var row: String
  var column: String
  var samples: Samples
  /// Against the reference in the same round; `nil` without one.
  var ratios: Samples?
}

/// A table: what was measured, in which unit, beside whom.
struct Section {
  var name: String
  var title: String
  var unit: String
  /// What was done to get it, in words.
  var method: String
  /// The column that all are compared with, or nobody.
  var reference: String?
  /// Whether less is better, so that a change can be held to its ratios.
  var isCost = true
  private(set) var measurements: [Measurement] = []

  init(_ name: String, title: String, unit: String, method: String, reference: String?) {
    (self.name, self.title, self.unit, self.method, self.reference) = (name, title, unit, method, reference)
  }

  /// Adds a row: the samples of each column, the reference among them.
  mutating func add(row: String, _ columns: [(name: String, samples: Samples)]) {
    let reference = columns.first { $0.name == self.reference }?.samples
    for column in columns {
      measurements.append(
        Measurement(
          row: row, column: column.name, samples: column.samples,
          ratios: reference.map { column.samples.ratios(to: $0) }))
    }
  }

  var rows: [String] { unique(measurements.map { $0.row }) }
  var columns: [String] { unique(measurements.map { $0.column }) }

  func measurement(_ row: String, _ column: String) -> Measurement? {
    measurements.first { $0.row == row && $0.column == column }
  }
}

func unique(_ names: [String]) -> [String] {
  var seen: Set<String> = []
  return names.filter { seen.insert($0).inserted }
}
