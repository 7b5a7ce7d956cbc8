import Foundation

/// Tables as Markdown: in each cell the median, and against the reference its median with the least and the most.
enum Markdown {
  static func text(_ section: Section) -> String {
    var lines = ["## \(section.title)", "", section.method, ""]
    let columns = section.columns
    lines.append("| \(section.unit) | " + columns.joined(separator: " | ") + " |")
    lines.append("|---|" + String(repeating: "---:|", count: columns.count))
    for row in section.rows {
      let cells = columns.map {
        section.measurement(row, $0).map { cell($0, isReference: $0.column == section.reference) } ?? ""
      }
      lines.append("| \(row) | " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func cell(_ measurement: Measurement, isReference: Bool) -> String {
    let value = number(measurement.samples.median)
    guard let ratios = measurement.ratios, !isReference else { return value }
    let ratio = "**\(number(ratios.median))**"
    if ratios.values.count < 2 { return "\(value), \(ratio)" }
    return "\(value), \(ratio) (\(number(ratios.least))–\(number(ratios.most)))"
  }

  /// Three digits that mean something.
  static func number(_ value: Double) -> String {
    switch abs(value) {
    case ..<0.0005: "0"
    case ..<1: String(format: "%.3f", value)
    case ..<10: String(format: "%.2f", value)
    case ..<100: String(format: "%.1f", value)
    default: grouped(Int(value.rounded()))
    }
  }

  private static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
