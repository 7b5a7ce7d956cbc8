import Framing
import FramingTransport
import Testing

@Suite("The memory of a connection", .timeLimit(.minutes(5)))
struct MemoryBoundTests {
  static let longest = 1 << 20

  private static var limits: ServerLimits {
    var limits = ServerLimits()
    limits.connection.queuedBytes = 64 << 10
    return limits
  }

  private static let bound = limits.connection.memoryBound(longestFrame: longest + 4)

  /// Serves with a handler that echoes, and tells of the connection at its first message.
  private func withServed(
    _ way: Way,
    _ body: (FramedServer, FramedConnection, _ served: FramedConnection) async throws -> Void
  ) async throws {
    let served = Log<FramedConnection>()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(limit: Self.longest), limits: Self.limits,
      on: EventLoop(selector: way.selector))
    async let serving: Void = serve(server, way.style) { served.add($0) }
    let client = try await server.connect(RawFramer())
    try await client.send([0, 0, 0, 0])
    let connection = try #require(await served.next())
    try await body(server, client, connection)
    await client.reset()
    server.shutdown(.immediate)
    try await serving
  }

  private func serve(
    _ server: FramedServer, _ style: Way.Style, _ tell: @escaping @Sendable (FramedConnection) -> Void
  ) async throws {
    switch style {
    case .sync:
      try await server.run(onMessage: { message, connection in
        if message.isEmpty { tell(connection) }
        try connection.send(message)
      })
    case .async:
      try await server.run { connection in
        tell(connection)
        for try await message in connection.messages { try await connection.send(message) }
      }
    }
  }

  @Test(
    "for what has come is within the bound, however it comes, and none when idle", arguments: Way.all,
    [
      7, 4096, 60_001, 1 << 20,
    ])
  func input(way: Way, chunk: Int) async throws {
    try await withServed(way) { server, client, served in
      #expect(try await client.receive() == [0, 0, 0, 0])
      #expect(await served.heldBytes == 0)
      try await client.send([0, 0x10, 0, 0])
      try await client.flush()
      // Announced is a megabyte; what is held grows with what has come.
      #expect(await served.heldBytes <= 8192)
      // Byte by byte would take long; some bytes are enough to grow.
      let total = chunk < 4096 ? 5000 : Self.longest - 1
      var sent = 0
      var highest = 0
      while sent < total {
        let count = min(chunk, total - sent)
        try await client.send([UInt8](repeating: 1, count: count))
        try await client.flush()
        sent += count
        highest = max(highest, await served.heldBytes)
      }
      while server.counters[.bytesReceived] < 8 + total { await Task.yield() }
      highest = max(highest, await served.heldBytes)
      // All that came is unread.
      #expect(highest >= 4 + total)
      #expect(highest <= Self.bound)
    }
  }

  @Test("for what is to be sent is within the bound when the peer never reads", arguments: Way.all)
  func output(way: Way) async throws {
    try await withServed(way) { server, client, served in
      var frame: [UInt8] = [0, 0x0F, 0xFF, 0xFF]
      frame += [UInt8](repeating: 1, count: 0x0FFFFF)
      // More than two sockets hold; the client reads no more than it has room for.
      for _ in 0..<24 { try await client.queue(frame) }
      while server.counters[.queuedBytes] <= Self.limits.connection.queuedBytes { await Task.yield() }
      #expect(server.counters[.queuedBytes] <= Self.limits.connection.queuedBytes + Self.longest + 4)
      let held = await served.heldBytes
      #expect(held > Self.limits.connection.queuedBytes)
      #expect(held <= Self.bound)
    }
  }

  @Test("has a bound that no limits overflow")
  func overflow() {
    var limits = ServerLimits()
    #expect(
      limits.memoryBound(longestFrame: 65_540) == 50_000
        * (2 * (65_540 + 65_536) + 2 * (262_144 + 65_540) + 2048))
    limits.connection.frameBytes = .max
    #expect(limits.memoryBound(longestFrame: .max) == .max)
    limits.connection.queuedBytes = .max
    limits.connections = .max
    #expect(limits.connection.memoryBound(longestFrame: 1) == .max)
    #expect(limits.memoryBound(longestFrame: 1) == .max)
  }
}
