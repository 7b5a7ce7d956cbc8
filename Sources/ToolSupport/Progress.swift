/// How far a long input has been read, in words for a line that is shown again and again.
package struct Progress: Sendable {
  /// How many bytes there are; `nil` if that is not known, as of a pipe.
  private let total: UInt64?
  private var count: UInt64 = 0
  private var shownAt: Double

  /// How long nothing is shown, and how long a line stands, in seconds.
  private static let patience = 1.0, interval = 0.25

  /// An input of `total` bytes, of which none has been read.
  package init(of total: UInt64?) {
    self.total = total
    shownAt = Self.patience - Self.interval
  }

  /// Takes note of `count` more bytes; answers a line if it is time for one.
  ///
  /// - Parameters:
  ///   - count: How many bytes there were.
  ///   - seconds: The time since reading began.
  package mutating func advance(by count: Int, at seconds: Double) -> String? {
    self.count += UInt64(count)
    guard seconds >= shownAt + Self.interval else { return nil }
    shownAt = seconds
    return line(at: seconds)
  }

  /// `1.2 GB of 4.0 GB, 30 %, 310 MB/s, 9 s left`
  private func line(at seconds: Double) -> String {
    let rate = Double(count) / seconds
    guard let total, total >= count else {
      return "\(Self.size(Double(count))), \(Self.size(rate))/s"
    }
    let left = rate > 0 ? ", \(Self.time(Double(total - count) / rate)) left" : ""
    let percent = total == 0 ? 100 : Int(Double(count) / Double(total) * 100)
    return
      "\(Self.size(Double(count))) of \(Self.size(Double(total))), \(percent) %, \(Self.size(rate))/s\(left)"
  }

  /// `999 B`, `1.0 kB`, `31 MB`: two digits or three.
  package static func size(_ bytes: Double) -> String {
    var value = bytes
    var unit = 0
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    while value >= 999.5 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return unit > 0 && tenths < 100
      ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\(Int(value.rounded())) \(units[unit])"
  }

  /// `9 s`, `2 min 5 s`, `3 h 4 min`
  package static func time(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e9).rounded(.up))
    switch whole {
    case ..<60: return "\(whole) s"
    case ..<3600: return "\(whole / 60) min \(whole % 60) s"
    default: return "\(whole / 3600) h \(whole / 60 % 60) min"
    }
  }
}
