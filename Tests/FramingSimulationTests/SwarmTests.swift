import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A swarm of simulated networks", .timeLimit(.minutes(5)))
struct SwarmTests {
  @Test("keeps what is promised, whatever the seeds are", arguments: 0..<4 as Range<UInt64>)
  func swarm(block: UInt64) throws {
    for seed in block * 100..<block * 100 + 100 {
      let scenario = EchoScenario.random(seed: seed)
      do throws(SimulationFailure) {
        _ = try scenario.search.seeds(
          CollectionOfOne(seed), NetworkConditions(seed: seed, faultsOf: SystemCall.allCases))
      } catch {
        Issue.record("\(scenario): \(error)")
      }
    }
  }
}
