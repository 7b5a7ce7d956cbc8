import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("What a kernel or a peer does out of spite, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct HostilityTests {
  static let selectors: [SelectorKind] = [.epoll, .poll, .select, .kqueue]

  @Test("readiness for what is not there changes nothing", arguments: selectors, EchoScenario.Style.allCases)
  func spurious(selector: SelectorKind, style: EchoScenario.Style) throws {
    for plan in ["wait 0...200: spurious", "wait 0...: one", "wait 3...200: nothing"] {
      let scenario = EchoScenario(style: style, selector: selector)
      try scenario.run(.calm(plan, selector: selector))
    }
  }

  @Test("events that come too late find nobody, though descriptors are used again", arguments: selectors)
  func stale(selector: SelectorKind) throws {
    let network = SimulatedNetwork.calm("wait 0...400: stale", selector: selector)
    try network.run {
      try await withServer { server in
        for number in 0..<20 as Range<UInt8> {
          let client = try await FramedConnection.to(server)
          try await client.send([number])
          #expect(try await client.receive() == [number])
          try await client.close()
        }
      }
    }
  }

  @Test(
    "a length beyond the limit is refused before its bytes come, whatever it is",
    arguments: [0x8000_0000, 0xFFFF_FFFF, 0x8000_0000_0000_0000] as [UInt64])
  func lengths(length: UInt64) throws {
    let network = SimulatedNetwork.calm()
    let failures = Shared<[String]>([])
    let received = try network.run {
      try await withServer(LengthPrefixedFramer(width: 8), failures: failures) { server in
        let client = try await FramedConnection.to(server, RawFramer())
        try await client.send((0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) })
        let received = await client.drain().messages
        await client.reset()
        return received
      }
    }
    #expect(received == [])
    #expect(failures.value == ["frame at byte 0 carries \(length) bytes; the limit is 16777216"])
    #expect(network.account.mostHeld <= 64)
  }

  @Test("a socket that cannot be watched is its own connection's end only", arguments: 0..<6)
  func unwatched(number: Int) throws {
    // Each time another of the sockets: the listener, clients, servers.
    let network = SimulatedNetwork.calm("watch \(number): error(ENOSPC)")
    let replies = try network.run {
      let replies = Shared(0)
      do {
        try await withServer { server in
          for _ in 0..<3 {
            do {
              try await FramedConnection.withConnection(to: server.address, framer: LengthPrefixedFramer()) {
                client in
                try await client.send("a".utf8)
                if try await client.receive() != nil { replies.change { $0 += 1 } }
              }
            } catch is ConnectionError {}
          }
        }
      } catch is SystemError {}
      return replies.value
    }
    // The first client comes before the listener, without which there is no server, and everybody hears of it.
    #expect(replies == (number == 1 ? 0 : 2))
  }
}
