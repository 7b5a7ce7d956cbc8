import Framing
import FramingSimulation
import FramingTransport
import Testing

/// How to test a protocol of one's own on a network that fails: a store of counters, and its client, which tries again
/// when a connection breaks. The client of the first try has a bug that no loopback test has ever shown.
@Suite("A store of counters on simulated networks", .ownThreads, .timeLimit(.minutes(10)))
struct CounterExampleTests {
  @Test("counts what is added twice, when a client tries again without saying that it does")
  func careless() throws {
    let failure = try #require(throws: SimulationFailure.self) {
      try SimulatedNetwork.explore(seeds: 1...200) { try await Self.addFive(on: $0, isCareful: false) }
    }
    guard case .threw(let error) = failure.reason else { throw failure }
    #expect("\(error)".contains("were added, and the store has"))
    // A few faults are enough for it, and with the seed it can be had again.
    #expect(failure.plan.entries.count < 10)
    let again = SimulatedNetwork(
      seed: failure.seed, conditions: NetworkConditions(seed: failure.seed), plan: failure.plan)
    #expect(throws: SimulationFailure.self) {
      try again.run { try await Self.addFive(on: again, isCareful: false) }
    }
  }

  @Test("counts what is added once, when each request has a number that the store remembers")
  func careful() throws {
    try SimulatedNetwork.explore(seeds: 1...100) { try await Self.addFive(on: $0, isCareful: true) }
  }

  /// What is tested: a client adds one five times, and the store must have as many as the client was told of.
  private static func addFive(on network: SimulatedNetwork, isCareful: Bool) async throws {
    let store = CounterStore()
    let server = try FramedServer(at: .loopback(port: 0), framer: LineFramer())
    async let serving: Void = server.run { connection in
      for try await line in connection.messages { try await connection.send(store.answer(line)) }
    }
    var added = 0
    for number in 1...5 {
      let request = isCareful ? "add apples \(number)" : "add apples"
      guard await tryToSend(request, to: server.address) else { break }
      added += 1
    }
    server.shutdown()
    try await serving
    // When the client gives up, the last one may be there or not.
    let counted = store.count(of: "apples")
    if counted != added && !(added < 5 && counted == added + 1) {
      throw WrongCount(description: "\(added) were added, and the store has \(counted)")
    }
  }

  /// Sends a request until it is answered, over a new connection if one breaks; gives up after ten.
  private static func tryToSend(_ request: String, to address: SocketAddress) async -> Bool {
    for _ in 0..<10 {
      let reply = try? await FramedConnection.withConnection(to: address, framer: LineFramer()) {
        connection in
        try await connection.send(request.utf8)
        return try await connection.receive()
      }
      if reply != nil { return true }
    }
    return false
  }
}

private struct WrongCount: Error, CustomStringConvertible {
  let description: String
}

/// The store: `add NAME` adds one, `add NAME NUMBER` does so unless it has done that number before.
private final class CounterStore: Sendable {
  private let content = Shared<(counts: [String: Int], done: Set<String>)>(([:], []))

  func answer(_ line: [UInt8]) -> [UInt8] {
    let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
    guard words.count >= 2, words[0] == "add" else { return Array("what?".utf8) }
    content.change { content in
      if words.count > 2 && !content.done.insert("\(words[1]) \(words[2])").inserted { return }
      content.counts[words[1], default: 0] += 1
    }
    return Array("ok".utf8)
  }

  func count(of name: String) -> Int { content.value.counts[name] ?? 0 }
}
