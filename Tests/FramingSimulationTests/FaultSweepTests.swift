import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("When system calls fail, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct FaultSweepTests {
  @Test("once, anywhere, with any framing, replies are right or somebody hears of it")
  func single() async {
    await Exploration.covering(
      "every fault once, at every call of an echo in every framing",
      from: EchoScenario.catalogue + [.severalLoops]
    ) { try $0.search.eachFault(NetworkConditions()) }.sayCoverage()
  }

  @Test("twice, anywhere, in the smallest echo, too")
  func pairs() async {
    // A soak makes all of them.
    await Exploration.covering(
      "one in 53 of every two faults, at every two calls of the smallest echo",
      from: EchoScenario.Style.allCases.map { EchoScenario.smallest.with(selector: .epoll, style: $0) }
    ) { try $0.search.eachFault(NetworkConditions(), depth: 2, oneOf: 53) }
  }
}
