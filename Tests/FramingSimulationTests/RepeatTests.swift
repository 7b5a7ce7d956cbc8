import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A simulated run", .timeLimit(.minutes(5)))
struct RepeatTests {
  /// Three clients and two loops, on a network with a will of its own.
  private static func trace(seed: UInt64) -> [String] {
    var scenario = EchoScenario.scenario(LengthPrefixedFramer.self, .async)
    scenario.clients = 3
    scenario.loops = 2
    let network = SimulatedNetwork(
      seed: seed, conditions: NetworkConditions(seed: seed, faultsOf: SystemCall.allCases), plan: nil,
      isTraced: true)
    do throws(SimulationFailure) { try scenario.run(network) } catch { return network.trace + ["\(error)"] }
    return network.trace
  }

  @Test("is the same for the same seed, and another one for another", arguments: 0..<5 as Range<UInt64>)
  func twice(seed: UInt64) {
    let first = Self.trace(seed: seed)
    #expect(first.count > 10)
    #expect(first == Self.trace(seed: seed))
    #expect(first != Self.trace(seed: seed + 1000))
  }

  @Test("is the same, byte for byte, in two processes")
  func twoProcesses() async {
    // Hashing has another seed in each process, and memory is elsewhere.
    let first = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      for seed in 0..<20 as Range<UInt64> { for line in RepeatTests.trace(seed: seed) { print(line) } }
    }
    let second = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      for seed in 0..<20 as Range<UInt64> { for line in RepeatTests.trace(seed: seed) { print(line) } }
    }
    #expect((first?.standardOutputContent.count ?? 0) > 10_000)
    #expect(first?.standardOutputContent == second?.standardOutputContent)
  }
}
