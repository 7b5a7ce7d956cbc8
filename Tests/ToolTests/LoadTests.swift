import Testing

@testable import FramedEcho

@Suite("Latencies of a load")
struct LatencyHistogramTests {
  @Test("are exact where they are few and short")
  func short() {
    var histogram = LatencyHistogram()
    for value: UInt64 in [5, 1, 4, 2, 3] { histogram.record(value) }
    #expect(histogram.count == 5)
    #expect([20, 40, 50, 60, 61, 100].map { histogram.percentile($0) } == [1, 2, 3, 3, 4, 5])
  }

  @Test("are nothing where there are none")
  func none() {
    let histogram = LatencyHistogram()
    #expect(histogram.percentile(50) == 0 && histogram.longest == 0)
  }

  @Test(
    "are known to within a 64th of themselves, and never made shorter",
    arguments: [0, 1, 63, 64, 65, 127, 128, 129, 1000, 65_535, 65_536, 123_456_789, 1 << 40, .max >> 1, .max]
      as [UInt64])
  func precision(value: UInt64) {
    var histogram = LatencyHistogram()
    histogram.record(value)
    histogram.record(.max)
    let found = histogram.percentile(50)
    #expect(found >= value && found - value <= value / 64)
    #expect(histogram.percentile(100) == .max && histogram.longest == .max)
  }

  @Test("are found at their rank, whatever the order")
  func ranks() {
    var histogram = LatencyHistogram()
    for value in (1...10_000 as ClosedRange<UInt64>).reversed() { histogram.record(value * 1000) }
    for (percent, rank) in [(50.0, 5000.0), (99, 9900), (99.9, 9990)] {
      let found = Double(histogram.percentile(percent))
      #expect(found >= rank * 1000 && found <= rank * 1000 * 65 / 64)
    }
    #expect(histogram.percentile(100) == 10_000_000)
  }
}

@Suite("The messages of a load")
struct LoadMessagesTests {
  @Test("differ from all that can be in flight with them, on their connection and on its neighbours")
  func differ() {
    let messages = LoadMessages(size: 8)
    var seen: Set<[UInt8]> = []
    for number in 0..<LoadMessages.period {
      messages.withMessage(number, of: 3) { message in
        #expect(message.count == 8)
        seen.insert((0..<8).map { message[$0] })
      }
    }
    #expect(seen.count == LoadMessages.period)
    let isSameElsewhere = messages.withMessage(0, of: 0) { messages.isEqual($0, to: 0, of: 1) }
    #expect(!isSameElsewhere)
  }

  @Test("are letters and digits, which every framing carries")
  func alphabet() {
    LoadMessages(size: 5000).withMessage(17, of: 2) { message in
      #expect((0..<5000).allSatisfy { Character(Unicode.Scalar(message[$0])).isLetter || message[$0] < 58 })
    }
  }

  @Test("show where a reply differs")
  func difference() {
    let messages = LoadMessages(size: 4)
    var reply = messages.withMessage(6, of: 1) { message in (0..<4).map { message[$0] } }
    /// Compares `reply` with what is expected, and answers how it differs.
    func differs() -> String? {
      let isEqual = messages.isEqual(reply.span, to: 6, of: 1)
      return isEqual ? nil : messages.difference(of: reply.span, from: 6, of: 1)
    }
    #expect(differs() == nil)
    reply[2] ^= 1
    #expect(
      differs()?.hasPrefix("reply 7 of connection 2 differs from byte 2 on: expected 4 bytes") == true)
    reply.removeLast(2)
    #expect(differs()?.contains("from byte 2 on") == true)
    reply.removeLast(2)
    #expect(differs()?.contains("from byte 0 on") == true)
  }

  @Test("are quoted where a reply differs, however long they are")
  func longDifference() {
    let messages = LoadMessages(size: 100)
    var reply = messages.withMessage(0, of: 0) { message in (0..<100).map { message[$0] } }
    let expected = String(decoding: reply[53..<93], as: UTF8.self)
    reply[63] = 33
    let got = String(decoding: reply[53..<93], as: UTF8.self)
    #expect(
      messages.difference(of: reply.span, from: 0, of: 0) == """
        reply 1 of connection 1 differs from byte 63 on: expected 100 bytes ..."\(expected)"..., \
        got 100 bytes ..."\(got)"...
        """)
  }
}

@Suite("The plan of a load")
struct LoadPlanTests {
  @Test("shares messages out so that none is left")
  func shares() {
    let plan = LoadPlan(connections: 3, size: 1, pace: .depth(4), end: .messages(8))
    #expect((0..<3).map { plan.share(of: $0) } == [3, 3, 2])
    #expect(!plan.isOver(.seconds(1_000_000)))
  }

  @Test("with a depth and a time sends what it can")
  func time() {
    let plan = LoadPlan(connections: 3, size: 1, pace: .depth(4), end: .after(.seconds(2)))
    #expect(plan.share(of: 0) == nil)
    #expect(plan.dueTime(of: 7, on: 0) == nil)
    #expect(!plan.isOver(.milliseconds(1999)) && plan.isOver(.seconds(2)))
  }

  @Test("with a rate has the messages of all connections due in turn, evenly")
  func rate() {
    let plan = LoadPlan(connections: 2, size: 1, pace: .rate(10), end: .after(.seconds(1)))
    #expect((0..<2).map { plan.share(of: $0) } == [5, 5])
    #expect(plan.dueTime(of: 0, on: 0) == .zero)
    #expect(plan.dueTime(of: 0, on: 1) == .milliseconds(100))
    #expect(plan.dueTime(of: 4, on: 1) == .milliseconds(900))
  }

  @Test("lasts as long as it was told to, or until the message after its last would be due")
  func leastTime() {
    func time(_ pace: LoadPlan.Pace, _ end: LoadPlan.End) -> Duration? { LoadPlan(pace: pace, end: end).time }
    #expect(time(.depth(1), .after(.seconds(2))) == .seconds(2))
    #expect(time(.rate(10), .after(.seconds(2))) == .seconds(2))
    #expect(time(.rate(10), .messages(5)) == .milliseconds(500))
    #expect(time(.depth(1), .messages(5)) == nil)
  }
}

@Suite("The tally of a load")
struct LoadTallyTests {
  let start = ContinuousClock.now
  func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// A tally of one reply after a second.
  var tally: LoadTally {
    var tally = LoadTally(start: start)
    tally.reply(at: after(1), sentAt: start, difference: nil)
    return tally
  }

  @Test("ends with the last reply, or with what is later")
  func end() {
    var tally = tally
    #expect(tally.end == after(1))
    tally.last(until: after(5))
    tally.last(until: after(3))
    #expect(tally.end == after(5) && tally.replies == 1 && tally.problem == nil)
  }

  @Test("has replies that are missing wait until the end of the run, not of their connection")
  func missing() {
    var tally = tally
    // Messages 5 and 6, by the places in which their times are kept.
    let lost = LoadTally.Lost(number: 2, messages: 5..<7, departures: [after(3), after(1), after(2)])
    tally.lose(lost, at: after(4), because: "why")
    tally.reply(at: after(11), sentAt: after(11), difference: nil)
    #expect(tally.latencies.count == 2)
    tally.close { _, _ in start }
    #expect(tally.replies == 2 && tally.missing == 2 && tally.latencies.count == 4)
    #expect(tally.latencies.longest == 9_000_000_000)
    #expect(tally.problem == "reply 6 of connection 3 is missing: why")
  }

  @Test("with a rate has those wait that were due")
  func due() {
    var tally = tally
    tally.lose(LoadTally.Lost(number: 0, messages: 1..<100), at: after(11), because: "why")
    tally.close { message, _ in after(message) }
    // From the first second to the eleventh.
    #expect(tally.missing == 99 && tally.latencies.count == 1 + 11)
    #expect(tally.latencies.longest == 10_000_000_000)
  }

  @Test("keeps the first problem")
  func problem() {
    var tally = tally
    tally.surplus("2 bytes \"hi\"", on: 0)
    tally.reply(at: after(2), sentAt: after(1), difference: "differs")
    #expect(tally.surplus == 1 && tally.different == 1)
    #expect(tally.problem == "after the last reply of connection 1 came more: 2 bytes \"hi\"")
  }
}

@Suite("The report of a load")
struct LoadReportTests {
  static var latencies: LatencyHistogram {
    var histogram = LatencyHistogram()
    for _ in 0..<1998 { histogram.record(50) }
    for _ in 0..<2 { histogram.record(2_000_000) }
    return histogram
  }
  static var report: LoadReport {
    LoadReport(
      plan: LoadPlan(connections: 2, size: 1000, pace: .depth(8), end: .after(.seconds(1))),
      seconds: 0.5, replies: 2000, latencies: latencies)
  }

  @Test("says what happened, for people")
  func text() {
    #expect(
      Self.report.text == """
        messages    2,000 in 0.50 s, every byte as it was sent
        throughput  4,000 messages/s, 4.0 MB/s each way
        latency     p50 50 ns   p99 50 ns   p99.9 50 ns   max 2.00 ms
        """)
    #expect(Self.report.line == "0.5 s   2,000 messages   4,000/s   p50 50 ns   p99 50 ns")
  }

  @Test("says the same as JSON")
  func json() {
    #expect(
      Self.report.json
        == "{\"connections\":2,\"size\":1000,\"depth\":8,\"seconds\":0.500,\"messages\":2000,\"different\":0,"
        + "\"missing\":0,\"surplus\":0,\"messagesPerSecond\":4000.0,\"megabytesPerSecond\":4.000,"
        + "\"latencyNanoseconds\":{\"p50\":50,\"p99\":50,\"p99.9\":50,\"max\":2000000}}")
  }

  @Test("counts what was wrong")
  func wrong() {
    var report = Self.report
    report.different = 1234
    report.missing = 1
    #expect(!report.isClean)
    #expect(report.text.contains("2,000 in 0.50 s, 1,234 differ, 1 missing\n"))
  }

  @Test("counts what nobody asked for")
  func surplus() {
    var report = Self.report
    report.surplus = 2
    #expect(!report.isClean)
    #expect(report.text.contains("2,000 in 0.50 s, 0 differ, 0 missing, 2 with more than was sent\n"))
    #expect(report.json.contains("\"missing\":0,\"surplus\":2,"))
  }

  @Test("has no latencies if no reply came, whatever is missing")
  func none() {
    var report = Self.report
    report.replies = 0
    report.missing = 2000
    #expect(report.text.hasSuffix("\nlatency     p50 -   p99 -   p99.9 -   max -"))
    #expect(report.line == "0.5 s   0 messages   0.0/s   p50 -   p99 -")
    #expect(
      report.json.hasSuffix(
        "\"latencyNanoseconds\":{\"p50\":null,\"p99\":null,\"p99.9\":null,\"max\":null}}"))
  }

  @Test(
    "gives times in the unit that fits",
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1000, "1.0 µs"), (53_249, "53.2 µs"), (1_450_000, "1.45 ms"),
      (2_100_000_000, "2.10 s"),
    ] as [(UInt64, String)])
  func times(nanoseconds: UInt64, text: String) { #expect(LoadReport.time(nanoseconds) == text) }

  @Test("does not round away what is slow", arguments: [(0.86, "0.9"), (99.94, "99.9"), (8463.6, "8,464")])
  func slow(rate: Double, text: String) { #expect(LoadReport.perSecond(rate) == text) }

  @Test(
    "groups the digits of numbers",
    arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")])
  func groups(number: Int, text: String) { #expect(LoadReport.grouped(number) == text) }
}
