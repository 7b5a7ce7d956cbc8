import Foundation

/// A plot with logarithmic axes, as SVG: a line for each series, with a legend, readable on light and dark ground.
struct Plot {
  let title: String
  let x: String
  let y: String
  private var series: [(name: String, points: [(x: Double, y: Double)])] = []

  init(title: String, x: String, y: String) { (self.title, self.x, self.y) = (title, x, y) }

  mutating func add(_ name: String, x: Double, y: Double) {
    if series.last?.name != name { series.append((name, [])) }
    series[series.count - 1].points.append((x, y))
  }

  func write(to path: String) throws { try Data(svg.utf8).write(to: URL(fileURLWithPath: path)) }

  // MARK: Drawing

  private static let width = 720.0, height = 420.0
  private static let left = 78.0, right = 20.0, top = 44.0, bottom = 56.0
  /// Told apart by those who do not see all colours, too (Okabe and Ito), and by their marks.
  private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]

  var svg: String {
    let points = series.flatMap { $0.points }
    let across = Axis(points.map { $0.x }, from: Self.left, to: Self.width - Self.right)
    let up = Axis(points.map { $0.y }, from: Self.height - Self.bottom, to: Self.top)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" "
        + "font-family=\"sans-serif\" font-size=\"13\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
      text(title, Self.width / 2, 24, "middle", size: 16),
      text(x, (Self.left + Self.width - Self.right) / 2, Self.height - 12, "middle"),
      "<g transform=\"rotate(-90 16 \(Self.height / 2))\">\(text(y, 16, Self.height / 2, "middle"))</g>",
    ]
    for tick in across.ticks {
      let place = across.place(tick)
      lines.append(line(place, Self.top, place, Self.height - Self.bottom))
      lines.append(text(Self.label(tick), place, Self.height - Self.bottom + 18, "middle"))
    }
    for tick in up.ticks {
      let place = up.place(tick)
      lines.append(line(Self.left, place, Self.width - Self.right, place))
      lines.append(text(Self.label(tick), Self.left - 8, place + 4, "end"))
    }
    for (index, one) in series.enumerated() {
      let colour = Self.colours[index % Self.colours.count]
      let places = one.points.map { (across.place($0.x), up.place($0.y)) }
      let path = places.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
      lines.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>")
      for place in places { lines.append(mark(index, place.0, place.1, colour)) }
      let row = Self.top + 16 + 20 * Double(index)
      lines.append(
        "<line x1=\"\(Self.left + 14)\" y1=\"\(row)\" x2=\"\(Self.left + 42)\" y2=\"\(row)\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
      )
      lines.append(mark(index, Self.left + 28, row, colour))
      lines.append(text(one.name, Self.left + 50, row + 4, "start"))
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// A logarithmic axis: from the power of ten below the least value to the one above the greatest.
  private struct Axis {
    let low: Double, high: Double, from: Double, to: Double

    init(_ values: [Double], from: Double, to: Double) {
      let positive = values.filter { $0 > 0 }
      low = floor(log10(positive.min() ?? 1))
      high = max(low + 1, ceil(log10(positive.max() ?? 10)))
      (self.from, self.to) = (from, to)
    }

    var ticks: [Double] { stride(from: low, through: high, by: 1).map { pow(10, $0) } }

    func place(_ value: Double) -> Double {
      from + (to - from) * (log10(max(value, pow(10, low))) - low) / (high - low)
    }
  }

  private func text(_ text: String, _ x: Double, _ y: Double, _ anchor: String, size: Int = 13) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\" fill=\"#222222\">"
      + text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      + "</text>"
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" stroke=\"#dddddd\"/>"
  }

  /// A circle, a square or a triangle.
  private func mark(_ index: Int, _ x: Double, _ y: Double, _ colour: String) -> String {
    switch index % 3 {
    case 0: "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\" fill=\"\(colour)\"/>"
    case 1:
      "<rect x=\"\(number(x - 3.5))\" y=\"\(number(y - 3.5))\" width=\"7\" height=\"7\" fill=\"\(colour)\"/>"
    default:
      "<polygon points=\"\(number(x)),\(number(y - 5)) \(number(x - 5)),\(number(y + 4)) \(number(x + 5)),\(number(y + 4))\" fill=\"\(colour)\"/>"
    }
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// `0.01`, `100`, `10k`, `1M`.
  private static func label(_ value: Double) -> String {
    switch value {
    case 1e9...: "\(Int((value / 1e9).rounded()))G"
    case 1e6...: "\(Int((value / 1e6).rounded()))M"
    case 1e3...: "\(Int((value / 1e3).rounded()))k"
    case 1...: "\(Int(value.rounded()))"
    default: String(format: "%g", value)
    }
  }
}
