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

  /// Prints lines that `Scripts/soak` finds among those of the tests.
  static func say(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { print("simulation: \(line)") }
  }
}
