import FramingSimulation
import FramingTransport
import Testing

/// A simulator that lies is worse than none: what it is believed for is tried on the real kernel with the same code. The
/// facts are Linux's.
@Suite(
  "The simulated kernel and the real one", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: SelectorKind.available.contains(.epoll), "states what Linux does"))
struct ParityTests {
  @Test("agree", arguments: KernelFact.all)
  func agree(fact: KernelFact) async {
    let simulated = Stage.simulated()
    fact.play(simulated)
    #expect(simulated.transcript == fact.expected)
    if fact.needsProcess { return }
    let real = Stage.real()
    fact.play(real)
    #expect(real.transcript == fact.expected)
  }

  @Test("agree when descriptors are used up")
  func agreeWithoutDescriptors() async {
    // In a process of its own, whose descriptors may be used up.
    await #expect(processExitsWith: .success) {
      #expect(setDescriptorLimit(100))
      for fact in KernelFact.all where fact.needsProcess {
        let real = Stage.real()
        fact.play(real)
        #expect(real.transcript == fact.expected)
      }
    }
  }

  @Test("agree whatever the network is like", arguments: 0..<10 as Range<UInt64>)
  func agreeUnderConditions(seed: UInt64) {
    var conditions = NetworkConditions(seed: seed)
    conditions.faults = .none
    // Some of the facts need buffers that hold more than what is under way.
    conditions.pieceSize = 100...1460
    conditions.sendBuffer = 64 << 10
    conditions.receiveBuffer = 64 << 10
    for fact in KernelFact.all {
      let stage = Stage.simulated(conditions)
      fact.play(stage)
      #expect(stage.transcript == fact.expected, "seed \(seed), \(fact.testDescription)")
    }
  }
}
