import Foundation
import Framing
import FramingSimulation
import FramingTransport
import Testing

/// What `Scripts/soak` asks for.
private enum Soak {
  static let seconds = ProcessInfo.processInfo.environment["FRAMING_SOAK_SECONDS"].flatMap { Int($0) }
  static let first = ProcessInfo.processInfo.environment["FRAMING_SOAK_SEED"].flatMap { UInt64($0) } ?? 0
}

/// What `Scripts/soak` runs: for as long as it says, from the seed that it says, on both cores.
@Suite("A soak", .enabled(if: Soak.seconds != nil, "Scripts/soak says for how long"))
struct SoakTests {
  @Test("keeps what is promised, seed after seed")
  func soak() async throws {
    let seconds = try #require(Soak.seconds)
    let clock = ContinuousClock()
    let start = clock.now
    // First what is exhaustive: it takes a few seconds.
    var swept = Exploration()
    for scenario in EchoScenario.catalogue + [.severalLoops] {
      for selector in [SelectorKind.epoll, .poll, .select, .kqueue] {
        var scenario = scenario
        scenario.selector = selector
        swept.add(try scenario.search.eachFault(NetworkConditions()))
      }
    }
    let smallest = EchoScenario(messages: [[1]])
    swept.add(try smallest.search.eachFault(NetworkConditions(), depth: 2))
    Self.say("every fault once at every call of every echo, and every pair of faults in the smallest")
    Self.say(Self.line(swept, clock.now - start))

    let swarmStart = clock.now
    let end = start.advanced(by: .seconds(seconds))
    let seeds = Shared(Soak.first)
    let swarm = try await withThrowingTaskGroup(of: Exploration.self) { group in
      for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
        group.addTask {
          var exploration = Exploration()
          while clock.now < end {
            let seed = seeds.take()
            let scenario = EchoScenario.random(seed: seed)
            do throws(SimulationFailure) {
              let conditions = NetworkConditions(seed: seed, faultsOf: SystemCall.allCases)
              exploration.add(try scenario.search.seeds(CollectionOfOne(seed), conditions))
            } catch {
              Issue.record("\(scenario): \(error)")
              throw error
            }
          }
          return exploration
        }
      }
      var all = Exploration()
      for try await exploration in group { all.add(exploration) }
      return all
    }
    Self.say("")
    Self.say("random networks, seeds \(Soak.first) to \(seeds.value - 1)")
    Self.say(Self.line(swarm, clock.now - swarmStart))
    Self.say("")
    Self.say("how often each fault was met, by call")
    var all = swept
    all.add(swarm)
    for line in all.coverage.split(separator: "\n") { Self.say(String(line)) }
  }

  private static func line(_ exploration: Exploration, _ time: Duration) -> String {
    let seconds = max(Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18, 0.001)
    return """
      \(exploration.runs) runs in \(Int(seconds)) s, \(Int(Double(exploration.runs) / seconds)) a second; \
      \(exploration.calls) system calls; \(exploration.time.components.seconds) s of simulated time
      """
  }

  private static func say(_ line: String) { print("soak: \(line)") }
}

extension Shared<UInt64> {
  /// The number, and the next one for the next caller.
  fileprivate func take() -> UInt64 {
    var taken: UInt64 = 0
    change { number in
      taken = number
      number += 1
    }
    return taken
  }
}
