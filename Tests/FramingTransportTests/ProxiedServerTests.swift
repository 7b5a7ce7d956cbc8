import Framing
import FramingTransport
import Testing

@Suite("A server behind a proxy", .timeLimit(.minutes(5)))
struct ProxiedServerTests {
  private static let client = SocketAddress.ipv4(0xC000_0201, port: 50_000)  // 192.0.2.1
  private static let header = ProxyHeader(from: client, to: .ipv4(0xC633_6402, port: 443))

  /// Serves with the peer's address in front of each echo, so that tests see whom the server believes to serve.
  private func withServer(
    _ way: Way, trusting proxies: String?, limits: ServerLimits = ServerLimits(),
    _ body: (FramedServer, Failures) async throws -> Void
  ) async throws {
    let failures = Failures()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LineFramer(), limits: limits, on: EventLoop(selector: way.selector),
      loops: 2,
      proxies: proxies.map { try TrustedAddresses($0) }, onEvent: { failures.note($0) })
    async let serving: Void = {
      switch way.style {
      case .sync:
        try await server.run(onMessage: { message, connection in
          try connection.send(
            Array("\(connection.peer.host) ".utf8) + [UInt8](copying: message))
        })
      case .async:
        try await server.run { connection in
          for try await message in connection.messages {
            try await connection.send(Array("\(connection.peer.host) ".utf8) + message)
          }
        }
      }
    }()
    try await body(server, failures)
    server.shutdown()
    try await serving
  }

  @Test(
    "serves whom the header names, wherever the stream is cut", arguments: Way.all,
    ProxyHeader.Version.allCases)
  func everyCut(way: Way, version: ProxyHeader.Version) async throws {
    try await withServer(way, trusting: "127.0.0.0/8") { server, failures in
      let wire = try Self.header.encode(version: version) + Array("hi\nyou\n".utf8)
      for cut in 0..<wire.count {
        let client = try await server.connect(RawFramer())
        for part in [wire[..<cut], wire[cut...]] where !part.isEmpty {
          try await client.send(Array(part))
          try await client.flush()
          await client.turn()
        }
        await client.finish()
        #expect(await client.drain().bytes == Array("192.0.2.1 hi\n192.0.2.1 you\n".utf8), "cut at \(cut)")
        try await client.close()
      }
      #expect(failures.entries.isEmpty)
    }
  }

  @Test("serves the proxy itself when the header says so", arguments: Way.all)
  func local(way: Way) async throws {
    try await withServer(way, trusting: "127.0.0.1") { server, _ in
      let client = try await server.connect(RawFramer())
      try await client.send(ProxyHeader.local.encode(version: .v2) + Array("hi\n".utf8))
      await client.finish()
      #expect(await client.drain().bytes == Array("127.0.0.1 hi\n".utf8))
      try await client.close()
    }
  }

  @Test("believes nobody else, and serves them without a header", arguments: Way.all, [nil, "192.0.2.0/24"])
  func untrusted(way: Way, proxies: String?) async throws {
    try await withServer(way, trusting: proxies) { server, _ in
      let client = try await server.connect(RawFramer())
      try await client.send(Array("PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n".utf8))
      await client.finish()
      #expect(
        await client.drain().bytes == Array("127.0.0.1 PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\n".utf8))
      try await client.close()
    }
  }

  @Test("ends a connection without the header that it has to have, and tells why", arguments: Way.all)
  func malformed(way: Way) async throws {
    try await withServer(way, trusting: "any") { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send(Array("hi\n".utf8))
      #expect(await client.drain().bytes.isEmpty)
      try await client.close()
      let failure = await failures.next()
      guard case .proxy(.malformed)? = failure?.error as? ConnectionError else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(failure?.peer?.host == "127.0.0.1")
    }
  }

  @Test(
    "takes a connection that closes without a word for a check, and half a header for a failure",
    arguments: Way.all)
  func abandoned(way: Way) async throws {
    try await withServer(way, trusting: "any") { server, failures in
      let check = try await server.connect(RawFramer())
      try await check.close()
      let half = try await server.connect(RawFramer())
      try await half.send(Array("PROXY TCP4".utf8))
      try await half.close()
      #expect(await failures.next()?.error as? ConnectionError == .proxy(.truncated(received: 10)))
      #expect(failures.entries.count == 1)
    }
  }

  @Test("gives the header as long as the first message, and no longer", arguments: Way.all)
  func slow(way: Way) async throws {
    var limits = ServerLimits()
    limits.connection.handshakeTime = .milliseconds(30)
    try await withServer(way, trusting: "any", limits: limits) { server, failures in
      let client = try await server.connect(RawFramer())
      #expect(await client.drain().bytes.isEmpty)
      try await client.close()
      #expect(await failures.next()?.error as? ConnectionError == .timedOut(.handshake))
    }
  }
}
