import Framing
import FramingTransport

extension EchoScenario {
  /// An echo of each framing, with messages that it can carry.
  static let catalogue: [EchoScenario] = FramerCatalog.framers.enumerated().flatMap { index, framer in
    let style = Style.allCases[index % 2]
    return [scenario(framer, style)]
  }

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
