import Framing
import FramingSimulation
import FramingTransport

extension EchoScenario {
  /// An echo of each framing, with messages that it can carry.
  static let catalogue: [EchoScenario] = FramerCatalog.framers.enumerated().map { index, framer in
    scenario(framer, Style.allCases[index % 2])
  }

  /// An echo in which loops wake each other.
  static let severalLoops = EchoScenario(messages: [Array("a".utf8)], clients: 2, loops: 2)

  /// An echo of a single byte.
  static let smallest = EchoScenario(messages: [[1]])

  /// Runs an echo of which everything is chosen by the seed, on a network that it chooses, too.
  static func explore(seed: UInt64) throws -> Exploration {
    let scenario = random(seed: seed)
    do throws(SimulationFailure) {
      return try scenario.search.seeds(
        CollectionOfOne(seed), NetworkConditions(seed: seed, faultsOf: SystemCall.allCases))
    } catch {
      throw Broken(scenario: scenario, failure: error)
    }
  }

  /// A failure, and the scenario that the seed chose.
  private struct Broken: Error, CustomStringConvertible {
    let scenario: EchoScenario
    let failure: SimulationFailure
    var description: String { "\(scenario): \(failure)" }
  }

  /// An echo of which everything is chosen by the seed.
  static func random(seed: UInt64) -> EchoScenario {
    var random = RandomSource(seed: seed ^ 0x7363_656E_6172_696F)
    var scenario = scenario(random.pick(FramerCatalog.framers), random.pick(Style.allCases))
    scenario.selector = random.pick([.epoll, .epoll, .poll, .select, .kqueue])
    scenario.clients = random.pick([1, 1, 2, 3])
    scenario.loops = random.pick([1, 1, 2, 3])
    scenario.limits.connection.queuedBytes = random.pick([16, 1 << 10, 256 << 10])
    // How long anything takes is the network's, and no failure.
    scenario.limits.connection = scenario.limits.connection.withoutTimes
    let network = NetworkConditions(seed: seed)
    let isNarrow = min(network.sendBuffer, network.receiveBuffer, network.pieceSize.upperBound) < 256
    let size = random.pick(isNarrow ? [1, 10, 20] : [1, 10, 100, 1000])
    if scenario.messages.count > 1 {
      scenario.messages += (0..<random.below(isNarrow ? 5 : 20)).map { _ in
        let count = scenario.fixedSize ?? 1 + random.below(size)
        return (0..<count).map { _ in UInt8(ascii: "a") + UInt8(random.below(26)) }
      }
    }
    return scenario
  }

  private var fixedSize: Int? { spec.base is FixedLengthFramer ? 3 : nil }

  static func scenario(_ framer: any SpecifiedFramer.Type, _ style: Style) -> EchoScenario {
    var scenario = EchoScenario()
    scenario.style = style
    scenario.spec = FramerSpec.example(of: framer)
    if framer == FixedLengthFramer.self { scenario.messages = ["abc", "def", "ghi"].map { Array($0.utf8) } }
    // Neither has an empty frame.
    if framer == OctetCountedFramer.self || framer == SLIPFramer.self {
      scenario.messages = ["a", "bc", "three"].map { Array($0.utf8) }
    }
    if framer == CloseTerminatedFramer.self { scenario.messages = [Array("all of it".utf8)] }
    return scenario
  }
}

extension ConnectionLimits {
  /// The same, but with time for everything.
  var withoutTimes: ConnectionLimits {
    var limits = self
    limits.handshakeTime = nil
    limits.messageTime = nil
    limits.idleTime = nil
    limits.writeTime = nil
    limits.closeTime = .seconds(86_400)
    return limits
  }
}

extension FramerSpec {
  /// The shortest spec of a framer.
  static func example(of framer: any SpecifiedFramer.Type) -> FramerSpec {
    switch framer.specName {
    case "fixed-length": FixedLengthFramer(size: 3).spec
    case "delimiter": DelimiterFramer([[13, 10]]).spec
    case let name:
      // The others need no option.
      (try? FramerSpec(name)) ?? LengthPrefixedFramer().spec
    }
  }
}
