import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A simulated run", .ownThreads, .timeLimit(.minutes(10)))
struct RepeatTests {
  /// Three clients and two loops, on a network with a will of its own.
  private static func trace(seed: UInt64) -> [String] {
    var scenario = EchoScenario.scenario(LengthPrefixedFramer.self, .async)
    scenario.clients = 3
    scenario.loops = 2
    let network = SimulatedNetwork(
      seed: seed, conditions: NetworkConditions(seed: seed, faultsOf: SystemCall.allCases), plan: nil,
      isTraced: true)
    do throws(SimulationFailure) { try scenario.run(network) } catch { return network.trace + ["\(error)"] }
    return network.trace
  }

  /// A server that stops while some of its clients are served, others have said nothing yet, and one of those is about to
  /// connect to a host that does not answer.
  private static func stoppingTrace() -> [String] {
    let network = SimulatedNetwork.calm(isTraced: true)
    let silent = (0..<8).map { SocketAddress.ipv4(0xC000_0201 + UInt32($0), port: 7777) }
    network.addHost("silent.example", addresses: silent)
    do throws(SimulationFailure) {
      try network.run {
        var full = ListenOptions()
        full.backlog = 0
        let nobody = try silent.map { try FramedServer(at: $0, framer: LineFramer(), options: full) }
        var guests: [FramedConnection] = []
        for server in nobody { guests.append(try await .to(server)) }
        let connecting = Task(executorPreference: network.loop) {
          _ = try await FramedConnection.connect(to: "silent.example", port: 7777, framer: LineFramer())
        }
        try await withServer(RawFramer(), proxies: .any) { server in
          var clients: [FramedConnection] = []
          for number in 0..<16 as Range<UInt8> {
            let client = try await FramedConnection.to(server, RawFramer())
            clients.append(client)
            guard number % 2 == 0 else { continue }
            try await client.send(ProxyHeader().encode(version: .v1) + [number])
            _ = try await client.receive()
          }
          await network.pass(.seconds(3))
          connecting.cancel()
          server.shutdown()
          for client in clients {
            _ = await client.drain()
            await client.reset()
          }
        }
        for guest in guests { await guest.reset() }
        withExtendedLifetime(nobody) {}
      }
    } catch { return network.trace + ["\(error)"] }
    return network.trace
  }

  @Test("is the same for the same seed, and another one for another", arguments: 0..<5 as Range<UInt64>)
  func twice(seed: UInt64) {
    let first = Self.trace(seed: seed)
    #expect(first.count > 10)
    #expect(first == Self.trace(seed: seed))
    #expect(first != Self.trace(seed: seed + 1000))
  }

  @Test("is the same, byte for byte, in two processes")
  func twoProcesses() async {
    // Hashing has another seed in each process, and memory is elsewhere.
    let first = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      for seed in 0..<20 as Range<UInt64> { for line in RepeatTests.trace(seed: seed) { print(line) } }
      for line in RepeatTests.stoppingTrace() { print(line) }
    }
    let second = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      for seed in 0..<20 as Range<UInt64> { for line in RepeatTests.trace(seed: seed) { print(line) } }
      for line in RepeatTests.stoppingTrace() { print(line) }
    }
    #expect((first?.standardOutputContent.count ?? 0) > 10_000)
    #expect(first?.standardOutputContent == second?.standardOutputContent)
  }
}
