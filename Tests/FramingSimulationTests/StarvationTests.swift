import CSystemShims
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("Without free descriptors, in a simulation", .timeLimit(.minutes(5)))
struct StarvationTests {
  @Test("a listener neither spins nor forgets who waits, and says so once a second at the most")
  func starvation() throws {
    // Accepting fails from the first time on, until it has failed forty times.
    let network = SimulatedNetwork.calm("accept 0...39: error(EMFILE)")
    let events = Shared<[String]>([])
    let (served, lost) = try network.run {
      try await withServer(failures: events) { server in
        let (served, lost) = await Self.outcomes(of: 20, to: server)
        // Whatever has become of those: the listener lives.
        let client = try await FramedConnection.to(server)
        try await client.send("after".utf8)
        #expect(try await client.receive() == Array("after".utf8))
        try await client.close()
        return (served, lost)
      }
    }
    #expect(served + lost == 20)
    let seconds = Int(network.time.components.seconds) + 1
    #expect(events.value.count <= seconds, "\(events.value)")
    // Each pause is longer than the one before, up to a second.
    #expect(network.time >= .seconds(1))
    #expect(network.account.turns < 2000)
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
