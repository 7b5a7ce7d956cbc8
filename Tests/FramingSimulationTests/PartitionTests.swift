import CSystemShims
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("However a stream is cut, in a simulation", .timeLimit(.minutes(5)))
struct PartitionTests {
  /// Streams of ten bytes and what they carry.
  static let streams: [(spec: FramerSpec, messages: [String])] = [
    (LengthPrefixedFramer(width: 2).spec, ["", "a", "bcd"]),
    (LineFramer().spec, ["ab", "", "cde", "f"]),
    (NetstringFramer().spec, ["", "abcd"]),
  ]

  @Test("the replies are the same, in all 512 ways", arguments: streams, EchoScenario.Style.allCases)
  func partitions(stream: (spec: FramerSpec, messages: [String]), style: EchoScenario.Style) throws {
    var scenario = EchoScenario()
    scenario.spec = stream.spec
    scenario.style = style
    scenario.messages = stream.messages.map { Array($0.utf8) }
    for cuts in 0..<512 as Range<UInt64> {
      let network = SimulatedNetwork(seed: 0, conditions: NetworkConditions(), plan: FaultPlan())
      network.cut(cuts)
      try scenario.run(network)
    }
  }

  @Test("and if it is sent byte by byte", arguments: EchoScenario.catalogue)
  func bytewise(scenario: EchoScenario) throws {
    let plan = try #require(FaultPlan("send 0...: short(1)"))
    try scenario.run(SimulatedNetwork(seed: 0, conditions: NetworkConditions(), plan: plan))
  }

  @Test("and if every call is interrupted, a hundred times in a row", arguments: EchoScenario.Style.allCases)
  func interrupted(style: EchoScenario.Style) throws {
    let scenario = EchoScenario(style: style)
    let clean = SimulatedNetwork(seed: 0, conditions: NetworkConditions(), plan: FaultPlan())
    try scenario.run(clean)
    for index in 0..<clean.account.calls {
      let plan = FaultPlan([.init(nil, index...index + 99, .error(EINTR))])
      try scenario.run(SimulatedNetwork(seed: 0, conditions: NetworkConditions(), plan: plan))
    }
  }
}
