import ToolSupport

/// What `load` has measured, as text for people and for programs.
struct LoadReport: Hashable, Sendable {
  var plan: LoadPlan
  /// How long the run was, at least as long as the plan.
  var seconds: Double
  /// Replies that came, right or wrong.
  var replies: Int
  /// Of these, and of those that were missing at the end.
  var latencies: LatencyHistogram
  /// Replies that are not their message.
  var different = 0
  /// Messages that were not answered, or not sent.
  var missing = 0
  /// Connections on which more came than was sent.
  var surplus = 0

  /// Whether every message came back as it was sent, and nothing else.
  var isClean: Bool { different + missing + surplus == 0 }

  private var rate: Double { seconds > 0 ? Double(replies) / seconds : 0 }
  private var megabytes: Double { rate * Double(plan.size) / 1e6 }

  private static let percentiles: [(name: String, percent: Double)] = [
    ("p50", 50), ("p99", 99), ("p99.9", 99.9), ("max", 100),
  ]

  /// Several lines for people.
  var text: String {
    var verdict = "every byte as it was sent"
    if !isClean { verdict = "\(Self.grouped(different)) differ, \(Self.grouped(missing)) missing" }
    if surplus > 0 { verdict += ", \(Self.grouped(surplus)) with more than was sent" }
    let latency = Self.percentiles.map { "\($0.name) \(time($0.percent))" }
    return """
      messages    \(Self.grouped(replies)) in \(Self.fixed(seconds, 2)) s, \(verdict)
      throughput  \(Self.perSecond(rate)) messages/s, \(Self.fixed(megabytes, 1)) MB/s each way
      latency     \(latency.joined(separator: "   "))
      """
  }

  /// One line while it runs, over the time since it began.
  var line: String {
    "\(Self.fixed(seconds, 1)) s   \(Self.grouped(replies)) messages   \(Self.perSecond(rate))/s   "
      + "p50 \(time(50))   p99 \(time(99))"
  }

  /// One line of JSON; latencies in nanoseconds.
  var json: String {
    let pace =
      switch plan.pace {
      case .depth(let depth): "\"depth\":\(depth)"
      case .rate(let rate): "\"rate\":\(rate)"
      }
    let latency = Self.percentiles.map {
      "\"\($0.name)\":\(percentile($0.percent).map { "\($0)" } ?? "null")"
    }
    return
      "{\"connections\":\(plan.connections),\"size\":\(plan.size),\(pace),\"seconds\":\(Self.fixed(seconds, 3)),"
      + "\"messages\":\(replies),\"different\":\(different),\"missing\":\(missing),\"surplus\":\(surplus),"
      + "\"messagesPerSecond\":\(Self.fixed(rate, 1)),\"megabytesPerSecond\":\(Self.fixed(megabytes, 3)),"
      + "\"latencyNanoseconds\":{\(latency.joined(separator: ","))}}"
  }

  /// A percentile of the latencies; `nil` if no reply came: then nothing was measured.
  private func percentile(_ percent: Double) -> UInt64? { replies > 0 ? latencies.percentile(percent) : nil }

  private func time(_ percent: Double) -> String { percentile(percent).map(Self.time) ?? "-" }

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

  /// `1,234,567`; a few are not rounded to whole ones: `0.9`.
  static func perSecond(_ rate: Double) -> String {
    rate < 100 ? fixed(rate, 1) : grouped(Int(rate.rounded()))
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
