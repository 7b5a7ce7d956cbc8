import Foundation
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A plan of faults", .ownThreads, .timeLimit(.minutes(10)))
struct PlanTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Plans")

  /// The plans that are kept, by name.
  static let kept: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".plan") }.sorted()
  }()

  @Test("that is kept is met by an echo in every way of serving, and no promise is broken", arguments: kept)
  func replay(name: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
    #expect(FaultPlan.problem(in: text) == nil)
    let plan = try #require(FaultPlan(text))
    for selector in [SelectorKind.epoll, .poll, .select, .kqueue] {
      for style in EchoScenario.Style.allCases {
        for messages in [EchoScenario().messages, []] {
          var scenario = EchoScenario(style: style, selector: selector)
          scenario.messages = messages
          try scenario.run(
            SimulatedNetwork(
              seed: 0, conditions: NetworkConditions(), plan: plan, selector: selector, isTraced: true))
        }
      }
    }
  }

  @Test("is kept at all")
  func some() { #expect(!Self.kept.isEmpty) }

  @Test(
    "reads what it prints",
    arguments: [
      "call 17: short(1)", "receive 2: error(ECONNRESET)", "accept 0...9: error(EMFILE)",
      "accept 4...: error(EMFILE)", "connect 0: fails-later(ETIMEDOUT)", "wait 3: late(2592000)",
      "send 1: short-by-one\nwait 2: spurious",
    ])
  func text(text: String) throws {
    let plan = try #require(FaultPlan(text))
    #expect(plan.description == text)
    #expect(FaultPlan("  \(text)   # said why") == plan)
  }

  @Test(
    "that is none says which line is wrong",
    arguments: [
      "call: short(1)", "call 1 short(1)", "call -1: short(1)", "call 5...3: short(1)", "call 1: short(0)",
      "call 1: error(EWHATEVER)", "read 1: short(1)", "call 1: shrot(1)",
    ])
  func mistakes(line: String) {
    #expect(FaultPlan("call 1: short(1)\n\(line)") == nil)
    #expect(FaultPlan.problem(in: "call 1: short(1)\n\(line)")?.contains("\"\(line)\"") == true)
  }

  @Test("that a call cannot meet does nothing")
  func illegal() throws {
    let network = SimulatedNetwork.calm("send 0: error(EMFILE)\nsocket 0: short(1)")
    try EchoScenario().run(network)
    #expect(network.plan.entries.isEmpty)
  }
}
