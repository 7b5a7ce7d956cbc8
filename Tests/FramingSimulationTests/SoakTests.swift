import Foundation
import Framing
import FramingSimulation
import FramingTransport
import Testing

/// What `Scripts/soak` asks for.
private enum Soak {
  static let seconds = ProcessInfo.processInfo.environment["FRAMING_SOAK_SECONDS"].flatMap { Int($0) }
  static let first = ProcessInfo.processInfo.environment["FRAMING_SOAK_SEED"].flatMap { UInt64($0) } ?? 0
}

/// What `Scripts/soak` runs: for as long as it says, from the seed that it says, on all processors.
@Suite("A soak", .enabled(if: Soak.seconds != nil, "Scripts/soak says for how long"))
struct SoakTests {
  @Test("keeps what is promised, seed after seed")
  func soak() async throws {
    // First what is exhaustive: it takes as long as it takes.
    let selectors = [SelectorKind.epoll, .poll, .select, .kqueue]
    var all = await Exploration.covering(
      "every fault once, at every call of an echo in every framing, with every selector",
      from: selectors.flatMap { selector in
        (EchoScenario.catalogue + [.severalLoops]).map { $0.with(selector: selector) }
      }
    ) { try $0.search.eachFault(NetworkConditions()) }
    all.add(
      await Exploration.covering(
        "every two faults, at every two calls of the smallest echo",
        from: EchoScenario.Style.allCases.map { EchoScenario.smallest.with(selector: .epoll, style: $0) }
      ) { try $0.search.eachFault(NetworkConditions(), depth: 2) })
    try await Self.cutSixteenBytes()

    let end = ContinuousClock.now + .seconds(try #require(Soak.seconds))
    let seeds = Shared(Soak.first)
    let hasFailed = Shared(false)
    let workers = Array(1...ProcessInfo.processInfo.activeProcessorCount)
    all.add(
      await Exploration.covering("random networks", from: workers) { _ in
        var exploration = Exploration()
        while ContinuousClock.now < end, !hasFailed.value {
          do { exploration.add(try EchoScenario.explore(seed: seeds.take())) } catch {
            hasFailed.change { $0 = true }
            throw error
          }
        }
        return exploration
      })
    Exploration.say("seeds \(Soak.first) to \(seeds.value - 1)")
    all.sayCoverage()
  }

  private static func cutSixteenBytes() async throws {
    try await withThrowingTaskGroup { group in
      for stream in SixteenBytes.all {
        for style in EchoScenario.Style.allCases {
          group.addTask { try stream.run(numbers: 0..<1 << 15, style: style) }
        }
      }
      try await group.waitForAll()
    }
    Exploration.say(
      "streams of sixteen bytes in \(SixteenBytes.all.count) framings, cut in all 32768 ways, in both directions"
    )
  }
}

extension Shared<UInt64> {
  /// The number, and the next one for the next caller.
  fileprivate func take() -> UInt64 {
    var taken: UInt64 = 0
    change { number in
      taken = number
      number += 1
    }
    return taken
  }
}
