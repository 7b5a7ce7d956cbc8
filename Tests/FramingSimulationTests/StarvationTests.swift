import CSystemShims
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("Without free descriptors, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct StarvationTests {
  @Test("a listener neither spins nor forgets who waits, and says so once a second at the most")
  func starvation() throws {
    // Accepting fails from the first time on, for more than ten seconds: seven tries in the first, then one in each.
    let network = SimulatedNetwork.calm("accept 0...16: error(EMFILE)", isTraced: true)
    let events = Shared<[String]>([])
    let served = try network.run {
      try await withServer(failures: events) { server in
        let served = await Self.outcomes(of: 100, to: server).served
        // The listener lives.
        let client = try await FramedConnection.to(server)
        try await client.send("after".utf8)
        #expect(try await client.receive() == Array("after".utf8))
        try await client.close()
        return served
      }
    }
    #expect(served == 100)
    #expect(network.time >= .seconds(10))
    #expect(events.value.count <= Int(network.time.components.seconds) + 1, "\(events.value)")
    let tries = Self.failedTries(network.trace)
    #expect(tries.count == 17)
    for (index, time) in tries.enumerated().dropFirst(10) { #expect(time - tries[index - 10] >= 1_000_000) }
  }

  @Test("a listener tells those who have waited for too long, and serves who comes after")
  func lasting() throws {
    let network = SimulatedNetwork.calm("accept 0...39: error(EMFILE)")
    let events = Shared<[String]>([])
    let (served, lost) = try network.run {
      try await withServer(failures: events) { server in
        let outcomes = await Self.outcomes(of: 20, to: server)
        let client = try await FramedConnection.to(server)
        try await client.send("after".utf8)
        #expect(try await client.receive() == Array("after".utf8))
        try await client.close()
        return outcomes
      }
    }
    #expect(served + lost == 20)
    #expect(events.value.count <= Int(network.time.components.seconds) + 1, "\(events.value)")
    #expect(network.account.turns < 2000)
  }

  /// When accepting has failed, in microseconds: "12 at 345 us: accept 5 = EMFILE".
  private static func failedTries(_ trace: [String]) -> [Int] {
    trace.filter { $0.contains(": accept ") && $0.contains("= EMFILE") }.compactMap {
      Int($0.split(separator: " ")[2])
    }
  }

  /// How many of so many clients were served, and how many were told that they are not.
  private static func outcomes(of count: Int, to server: FramedServer) async -> (served: Int, lost: Int) {
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<count {
        group.addTask {
          let reply = try? await FramedConnection.withConnection(
            to: server.address, framer: LengthPrefixedFramer(), on: server.loop
          ) { client in
            try await client.send([UInt8(number)])
            return try await client.receive()
          }
          return reply == [UInt8(number)]
        }
      }
      var served = 0
      for await isServed in group where isServed { served += 1 }
      return (served, count - served)
    }
  }
}
