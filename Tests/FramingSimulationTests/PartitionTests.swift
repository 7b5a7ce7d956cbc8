import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("However a stream is cut, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct PartitionTests {
  /// Streams of ten bytes, and what they carry.
  static let short: [(spec: FramerSpec, messages: [String])] = [
    (LengthPrefixedFramer(width: 2).spec, ["", "a", "bcd"]),
    (LineFramer().spec, ["ab", "", "cde", "f"]),
    (NetstringFramer().spec, ["", "abcd"]),
  ]

  @Test("the replies are the same, in all 512 ways", arguments: short, EchoScenario.Style.allCases)
  func connections(stream: (spec: FramerSpec, messages: [String]), style: EchoScenario.Style) throws {
    var scenario = EchoScenario()
    scenario.spec = stream.spec
    scenario.style = style
    scenario.messages = stream.messages.map { Array($0.utf8) }
    for cuts in 0..<512 {
      let network = SimulatedNetwork.calm()
      network.cut { place in cuts >> (place - 1) & 1 == 1 }
      try scenario.run(network)
    }
  }

  @Test("and in all 32,768 ways of a longer one", arguments: 0..<8)
  func streams(block: Int) throws {
    try SixteenBytes.lengthPrefixed.run(numbers: block << 12..<(block + 1) << 12, style: .sync)
  }

  @Test("and if it is sent byte by byte", arguments: EchoScenario.catalogue)
  func bytewise(scenario: EchoScenario) throws { try scenario.run(.calm("send 0...: short(1)")) }

  @Test("and if the kernel takes any part of what is sent to it first", arguments: EchoScenario.catalogue)
  func partly(scenario: EchoScenario) throws {
    for call in 0..<2 {
      for count in 1...40 { try scenario.run(.calm("send \(call): short(\(count))")) }
    }
  }

  @Test("and if every call is interrupted, a thousand times in a row", arguments: EchoScenario.Style.allCases)
  func interrupted(style: EchoScenario.Style) throws {
    let scenario = EchoScenario(style: style)
    let clean = SimulatedNetwork.calm()
    try scenario.run(clean)
    for index in 0..<clean.account.calls {
      try scenario.run(.calm("call \(index)...\(index + 999): error(EINTR)"))
    }
  }
}
