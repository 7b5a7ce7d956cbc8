import Foundation
import Framing
import FramingSimulation
import FramingTransport
import Testing

/// What `Scripts/soak` asks for.
private enum Soak {
  static let seconds = ProcessInfo.processInfo.environment["FRAMING_SOAK_SECONDS"].flatMap { Int($0) }
  static let first = ProcessInfo.processInfo.environment["FRAMING_SOAK_SEED"].flatMap { UInt64($0) } ?? 0
  /// Where the tables of the page of results go.
  static let page = ProcessInfo.processInfo.environment["FRAMING_SOAK_PAGE"]
  /// Where it stands what runs: who traps cannot say it.
  static let running = ProcessInfo.processInfo.environment["FRAMING_SOAK_RUNNING"]

  static func note(_ seed: UInt64, worker: Int) throws {
    guard let running else { return }
    try "\(seed)\n".write(toFile: "\(running).\(worker)", atomically: false, encoding: .utf8)
  }
}

/// What `Scripts/soak` runs: for as long as it says, from the seed that it says, on all processors.
@Suite("A soak", .enabled(if: Soak.seconds != nil, "Scripts/soak says for how long"))
struct SoakTests {
  @Test("keeps what is promised, seed after seed")
  func soak() async throws {
    // First what is exhaustive: it takes as long as it takes.
    let selectors = [SelectorKind.epoll, .poll, .select, .kqueue]
    let once = "every fault once, at every call of an echo in every framing, with every selector"
    let single = await Exploration.covering(
      once,
      from: selectors.flatMap { selector in
        (EchoScenario.catalogue + [.severalLoops]).map { $0.with(selector: selector) }
      }
    ) { try $0.search.eachFault(NetworkConditions()) }
    let twice = "every two faults, at every two calls of the smallest echo"
    let pairs = await Exploration.covering(
      twice, from: EchoScenario.Style.allCases.map { EchoScenario.smallest.with(selector: .epoll, style: $0) }
    ) { try $0.search.eachFault(NetworkConditions(), depth: 2) }
    try await Self.cutSixteenBytes()
    let (random, seeds) = await Self.randomNetworks(for: .seconds(try #require(Soak.seconds)))

    var all = Exploration()
    for part in [single, pairs, random] { all.add(part) }
    all.sayCoverage()
    guard let page = Soak.page else { return }
    let rows = [
      "| what | runs | system calls | simulated time |", "|---|---|---|---|", single.row(once),
      pairs.row(twice),
      "| \(Self.cuts) | \((SixteenBytes.all.count * 2 << 15).grouped) | | |",
      random.row("networks of which everything is random, seeds \(seeds.lowerBound) to \(seeds.upperBound)"),
    ]
    let text = rows.joined(separator: "\n") + "\n\n" + faults + "\n\n" + all.coverageTable + "\n"
    try text.write(toFile: page, atomically: true, encoding: .utf8)
  }

  private let faults = """
    ## Faults

    How often each call met each of the faults that it may meet, named as in a ``FaultPlan``:
    """

  /// One seed after another, on all processors, until time is over or a promise is broken.
  private static func randomNetworks(for time: Duration) async -> (Exploration, seeds: ClosedRange<UInt64>) {
    let end = ContinuousClock.now + time
    let seeds = Shared(Soak.first)
    let hasFailed = Shared(false)
    let workers = Array(1...ProcessInfo.processInfo.activeProcessorCount)
    let all = await Exploration.covering("random networks", from: workers) { worker in
      var exploration = Exploration()
      while ContinuousClock.now < end, !hasFailed.value {
        let seed = seeds.take()
        try Soak.note(seed, worker: worker)
        do { exploration.add(try EchoScenario.explore(seed: seed)) } catch {
          hasFailed.change { $0 = true }
          throw error
        }
      }
      return exploration
    }
    let last = max(Soak.first, seeds.value - 1)
    Exploration.say("seeds \(Soak.first) to \(last)")
    return (all, Soak.first...last)
  }

  private static let cuts =
    "streams of sixteen bytes in \(SixteenBytes.all.count) framings, cut in all 32,768 ways, in both directions, "
    + "with handlers of both kinds"

  private static func cutSixteenBytes() async throws {
    try await withThrowingTaskGroup { group in
      for stream in SixteenBytes.all {
        for style in EchoScenario.Style.allCases {
          group.addTask { try stream.run(numbers: 0..<1 << 15, style: style) }
        }
      }
      try await group.waitForAll()
    }
    Exploration.say(cuts)
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
