import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("Time, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct TimeTests {
  @Test("that jumps by a month fires each timer once, in order", arguments: [false, true])
  func jump(isJumping: Bool) throws {
    let network = SimulatedNetwork.calm(isJumping ? "wait 1: late(2592000)" : "")
    let fired = Shared<[Int]>([])
    try network.run {
      for delay in [30, 10, 20, 10, 86_400] {
        network.loop.execute {
          _ = network.loop.schedule(after: .seconds(delay)) { fired.change { $0.append(delay) } }
        }
      }
      while fired.value.count < 5 { await network.pass(.seconds(3600)) }
    }
    #expect(fired.value == [10, 10, 20, 30, 86_400])
  }

  @Test(
    "and timers, set, moved and cancelled at random, agree with a sorted list",
    arguments: 0..<4 as Range<UInt64>)
  func timers(seed: UInt64) throws {
    let network = SimulatedNetwork.calm()
    let fired = Shared<[Int]>([])
    let expected = try network.run {
      let run = TimerModel(loop: network.loop, fired: fired)
      await withCheckedContinuation { continuation in
        network.loop.execute {
          run.play(seed: seed, count: 2000)
          continuation.resume()
        }
      }
      await network.pass(.seconds(10_000))
      return run.expected
    }
    #expect(fired.value == expected)
    #expect(network.loop.counters.timers == 0)
  }

  @Test("of an hour of silence takes a few turns")
  func idle() throws {
    let network = SimulatedNetwork.calm()
    try network.run {
      try await withServer { server in
        let client = try await FramedConnection.to(server)
        await network.pass(.seconds(3600))
        await client.reset()
      }
    }
    #expect(network.time >= .seconds(3600))
    #expect(network.account.turns < 100)
  }
}

/// Timers that are set and cancelled at random, and a list of those that are to fire.
// Unchecked: touched in jobs of its loop, and read when those are done.
private final class TimerModel: @unchecked Sendable {
  private let loop: EventLoop
  private let fired: Shared<[Int]>
  private var live: [(deadline: Int64, number: Int, timer: LoopTimer)] = []

  init(loop: EventLoop, fired: Shared<[Int]>) { (self.loop, self.fired) = (loop, fired) }

  func play(seed: UInt64, count: Int) {
    var random = RandomSource(seed: seed ^ 0x7363_656E_6172_696F)
    let now = loop.now
    for number in 0..<count {
      let deadline = now + Int64(random.below(1000)) * 1_000_000_000
      let timer = loop.schedule(at: deadline) { [fired] in fired.change { $0.append(number) } }
      live.append((deadline, number, timer))
      if random.below(3) == 0 { loop.cancel(live.remove(at: random.below(live.count)).timer) }
    }
  }

  /// The numbers of those that are left, in the order in which they fire.
  var expected: [Int] { live.sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }.map(\.number) }
}
