import Foundation
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A simulated network", .ownThreads, .timeLimit(.minutes(10)))
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

  @Test("is explored in a few lines")
  func exploring() throws {
    let exploration = try SimulatedNetwork.explore(seeds: 1...40) { network in
      let server = try FramedServer(at: .loopback(port: 0), framer: LineFramer())
      async let serving: Void = server.run(onMessage: { line, connection in try connection.send(line) })
      let reply = try? await FramedConnection.withConnection(to: server.address, framer: LineFramer()) {
        connection in
        try await connection.send("hello".utf8)
        return try await connection.receive()
      }
      server.shutdown()
      try await serving
      if let reply, reply != Array("hello".utf8) { throw Unexpected() }
    }
    #expect(exploration.runs == 40)
    #expect(!exploration.met.isEmpty)
    #expect(exploration.coverage.contains("receive: error(EINTR) "))
  }

  @Test("says what a body threw, what it waits for in vain, and what it left open")
  func failures() throws {
    let thrown = #expect(throws: SimulationFailure.self) {
      try SimulatedNetwork(seed: 3, conditions: NetworkConditions()).run { throw Unexpected() }
    }
    #expect(thrown?.seed == 3)
    #expect(thrown.map { "\($0)" }?.hasPrefix("the body threw \"Unexpected()\"") == true)

    // Strict, without patience for other threads: nobody connects.
    let stalled = #expect(throws: SimulationFailure.self) {
      try SimulatedNetwork.calm().run {
        let server = try FramedServer(at: .loopback(port: 0), framer: LineFramer())
        try await server.run(onMessage: { _, _ in })
      }
    }
    guard case .stalled? = stalled?.reason else { throw Unexpected() }

    let kept = Shared<[FramedServer]>([])
    let open = #expect(throws: SimulationFailure.self) {
      try SimulatedNetwork.calm().run {
        let server = try FramedServer(at: .loopback(port: 0), framer: LineFramer())
        kept.change { $0.append(server) }
      }
    }
    guard case .leftOpen(let descriptors)? = open?.reason else { throw Unexpected() }
    #expect(!descriptors.isEmpty)
  }

  @Test("waits for a thread that is no part of it, and says that it cannot be repeated")
  func foreignThread() throws {
    let network = SimulatedNetwork(seed: 0, conditions: NetworkConditions())
    let loop = network.loop
    try network.run {
      await withCheckedContinuation { continuation in
        // By way of the loop: resumed before it is waited for, a continuation brings no job.
        Thread.detachNewThread { loop.execute { continuation.resume() } }
      }
    }
    #expect(!network.isRepeatable)
  }

  @Test("knows the hosts that it was told of")
  func hosts() throws {
    let network = SimulatedNetwork.calm()
    let dead = try #require(SocketAddress("192.0.2.1:0"))
    network.addHost("echo.example", addresses: [dead, .loopback(port: 0)])
    let reply = try network.run {
      let server = try FramedServer(at: .loopback(port: 7777), framer: LineFramer())
      async let serving: Void = server.run(onMessage: { line, connection in try connection.send(line) })
      let connection = try await FramedConnection.connect(
        to: "echo.example", port: 7777, framer: LineFramer())
      try await connection.send("hello".utf8)
      let reply = try await connection.receive()
      try await connection.close()
      server.shutdown()
      try await serving
      return reply
    }
    #expect(reply == Array("hello".utf8))
  }

  private struct Unexpected: Error {}
}
