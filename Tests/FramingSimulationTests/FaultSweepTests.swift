import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("When a system call fails, in a simulation", .timeLimit(.minutes(5)))
struct FaultSweepTests {
  @Test(
    "once, anywhere, with any framing, replies are right or somebody hears of it",
    arguments: EchoScenario.catalogue + [.severalLoops])
  func single(scenario: EchoScenario) throws {
    try scenario.search.eachFault(NetworkConditions())
  }
}
