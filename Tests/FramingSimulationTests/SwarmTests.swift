import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A swarm of simulated networks", .timeLimit(.minutes(5)))
struct SwarmTests {
  @Test("keeps what is promised, whatever the seeds are")
  func swarm() async {
    let seeds = Array(0..<400 as Range<UInt64>)
    await Exploration.covering(
      "random networks, seeds \(seeds.first ?? 0) to \(seeds.last ?? 0)", from: seeds
    ) {
      try EchoScenario.explore(seed: $0)
    }.sayCoverage()
  }
}
