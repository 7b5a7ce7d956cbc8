import ToolSupport

/// What `load` has measured, as text for people and for programs.
struct LoadReport: Hashable, Sendable {
  var plan: LoadPlan
  var seconds: Double
  var latencies: LatencyHistogram
  /// Replies that are not their message.
  var different = 0
  /// Messages that were not answered, or not sent.
  var missing = 0

  /// Whether every message came back as it was sent.
  var isClean: Bool { different + missing == 0 }

  /// Replies that came, right or wrong.
  private var messages: Int { latencies.count }
  private var rate: Double { seconds > 0 ? Double(messages) / seconds : 0 }
  private var megabytes: Double { rate * Double(plan.size) / 1e6 }

  private static let percentiles: [(name: String, percent: Double)] = [
    ("p50", 50), ("p99", 99), ("p99.9", 99.9), ("max", 100),
  ]

  /// Several lines for people.
  var text: String {
    let verdict =
      isClean
      ? "every byte as it was sent" : "\(Self.grouped(different)) differ, \(Self.grouped(missing)) missing"
    let latency = Self.percentiles.map { "\($0.name) \(Self.time(latencies.percentile($0.percent)))" }
    return """
      messages    \(Self.grouped(messages)) in \(Self.fixed(seconds, 2)) s, \(verdict)
      throughput  \(Self.grouped(Int(rate))) messages/s, \(Self.fixed(megabytes, 1)) MB/s each way
      latency     \(latency.joined(separator: "   "))
      """
  }

  /// One line while it runs, over the time since it began.
  var line: String {
    "\(Self.fixed(seconds, 1)) s   \(Self.grouped(messages)) messages   \(Self.grouped(Int(rate)))/s   "
      + "p50 \(Self.time(latencies.percentile(50)))   p99 \(Self.time(latencies.percentile(99)))"
  }

  /// One line of JSON; latencies in nanoseconds.
  var json: String {
    let pace =
      switch plan.pace {
      case .depth(let depth): "\"depth\":\(depth)"
      case .rate(let rate): "\"rate\":\(rate)"
      }
    let latency = Self.percentiles.map { "\"\($0.name)\":\(latencies.percentile($0.percent))" }
    return
      "{\"connections\":\(plan.connections),\"size\":\(plan.size),\(pace),\"seconds\":\(Self.fixed(seconds, 3)),"
      + "\"messages\":\(messages),\"different\":\(different),\"missing\":\(missing),"
      + "\"messagesPerSecond\":\(Self.fixed(rate, 1)),\"megabytesPerSecond\":\(Self.fixed(megabytes, 3)),"
      + "\"latencyNanoseconds\":{\(latency.joined(separator: ","))}}"
  }

  // MARK: Numbers for people

  /// `1,234,567`
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0 && index % 3 == 0 && digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// A number with so many digits behind the point, rounded.
  static func fixed(_ number: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((number * scale).rounded())
    guard digits > 0 else { return "\(scaled)" }
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// Nanoseconds in the unit that fits: `850 ns`, `53.2 µs`, `1.45 ms`, `2.10 s`.
  static func time(_ nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    return switch nanoseconds {
    case ..<1000: "\(nanoseconds) ns"
    case ..<1_000_000: "\(fixed(value / 1e3, 1)) µs"
    case ..<1_000_000_000: "\(fixed(value / 1e6, 2)) ms"
    default: "\(fixed(value / 1e9, 2)) s"
    }
  }
}
