import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A simulated network", .timeLimit(.minutes(5)))
struct SimulatedNetworkTests {
  @Test("carries an echo, with handlers of both kinds", arguments: [false, true], [0, 1, 2, 3] as [UInt64])
  func echo(isAsync: Bool, seed: UInt64) throws {
    let network = SimulatedNetwork(seed: seed, conditions: NetworkConditions())
    let replies = try network.run {
      let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer())
      async let serving: Void =
        isAsync
        ? server.run { connection in
          for try await message in connection.messages { try await connection.send(message) }
        } : server.run(onMessage: { message, connection in try connection.send(message) })
      let replies = try await FramedConnection.withConnection(
        to: server.address, framer: LengthPrefixedFramer()
      ) { connection in
        var replies: [[UInt8]] = []
        for number in 0..<3 as Range<UInt8> {
          try await connection.send([number])
          if let reply = try await connection.receive() { replies.append(reply) }
        }
        return replies
      }
      server.shutdown()
      try await serving
      return replies
    }
    #expect(replies == [[0], [1], [2]])
    #expect(network.time > .zero)
    #expect(network.time < .seconds(2))
    #expect(network.isRepeatable)
  }
}
