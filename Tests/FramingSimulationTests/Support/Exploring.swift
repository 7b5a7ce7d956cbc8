import Framing
import FramingSimulation
import FramingTransport
import Testing

extension Exploration {
  /// Explores from each of `starts`, several at a time, says what was covered and how fast, and records what fails.
  @discardableResult
  static func covering<Start: Sendable>(
    _ title: String, from starts: [Start],
    _ explore: @escaping @Sendable (Start) throws -> Exploration
  ) async -> Exploration {
    let begin = ContinuousClock.now
    let all = await withTaskGroup(of: Exploration.self) { group in
      for start in starts {
        group.addTask {
          do { return try explore(start) } catch {
            Issue.record("\(start): \(error)")
            return Exploration()
          }
        }
      }
      return await group.reduce(into: Exploration()) { $0.add($1) }
    }
    say(title)
    say(all.summary(ContinuousClock.now - begin))
    return all
  }

  /// How many runs there were, and how fast.
  private func summary(_ time: Duration) -> String {
    let seconds = max(time / .seconds(1), 0.001)
    return """
      \(runs) runs in \(Int(seconds.rounded())) s, \(Int(Double(runs) / seconds)) a second; \
      \(calls) system calls; \(self.time.components.seconds) s of simulated time
      """
  }

  /// Says how often each fault was met, by call.
  func sayCoverage() { Self.say("how often each fault was met, by call:\n\(coverage)\n") }

  /// What is said of it in the page of results: how many runs there were, and what they came to.
  func row(_ title: String) -> String {
    let years = time.components.seconds / (365 * 86_400)
    let span = years > 0 ? "\(years.grouped) years" : "\(time.components.seconds.grouped) seconds"
    return "| \(title) | \(runs.grouped) | \(calls.grouped) | \(span) |"
  }

  /// How often each fault was met, as a table.
  var coverageTable: String {
    var rows = ["| call | fault | met |", "|---|---|---|"]
    for call in SystemCall.allCases {
      for (index, fault) in call.legalFaults.enumerated() {
        let count = met[Kind(call: call, fault: fault)] ?? 0
        rows.append("| \(index == 0 ? "`\(call.rawValue)`" : "") | `\(fault)` | \(count.grouped) |")
      }
    }
    return rows.joined(separator: "\n")
  }

  /// Prints lines that `Scripts/soak` finds among those of the tests.
  static func say(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { print("simulation: \(line)") }
  }
}

extension BinaryInteger {
  /// Its digits, in threes.
  var grouped: String {
    var text = ""
    for (index, digit) in "\(self)".reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
