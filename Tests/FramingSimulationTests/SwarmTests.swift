import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A swarm of simulated networks", .ownThreads, .timeLimit(.minutes(10)))
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

  // 5107: a reset that a client met when it sent was a clean end to what it read, and half a line a whole one.
  // 5398: a client that could not read waited to send, to a peer that waited for it to read.
  // 1795740016355: a pipe that broke although the peer had not ended its stream was followed by a clean end, which no
  // kernel does; half a line was a whole one.
  // 1795741588733: a connection that lived was refused to be reset, as no system does, and half of a reply was all of it.
  // 1795743003864, 1795745842174: a stream ended although the peer's reset was under way, which got lost, or before the peer
  // had heard that it was connected; a client waited for ever.
  @Test(
    "keeps it on those on which it was broken once",
    arguments: [
      5107, 5398, 1_795_740_016_355, 1_795_741_588_733, 1_795_743_003_864, 1_795_745_842_174,
    ] as [UInt64])
  func kept(seed: UInt64) throws { _ = try EchoScenario.explore(seed: seed) }
}
