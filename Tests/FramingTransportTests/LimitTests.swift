import Framing
import FramingTransport
import Testing

@Suite("The limits of a server", .timeLimit(.minutes(5)))
struct LimitTests {
  static let timeLimits: [(limit: TimeLimit, wire: [UInt8])] = [
    (.handshake, []), (.handshake, [0, 0]), (.message, [0, 0, 0, 1, 7, 0, 0]), (.idle, [0, 0, 0, 1, 7]),
  ]

  private static func limits(_ limit: TimeLimit, _ time: Duration = .milliseconds(30)) -> ServerLimits {
    var limits = ServerLimits()
    switch limit {
    case .connect: limits.connection.connectTime = time
    case .handshake: limits.connection.handshakeTime = time
    case .message: limits.connection.messageTime = time
    case .idle: limits.connection.idleTime = time
    case .write: limits.connection.writeTime = time
    }
    return limits
  }

  @Test(
    "end a connection that takes too long, after its replies, and no other", arguments: Way.all, timeLimits)
  func time(way: Way, limited: (limit: TimeLimit, wire: [UInt8])) async throws {
    try await withEcho(way, limits: Self.limits(limited.limit)) { server, failures in
      let client = try await server.connect(RawFramer())
      if !limited.wire.isEmpty { try await client.send(limited.wire) }
      let came = await client.drain()
      #expect(came.bytes == Array(limited.wire.prefix(limited.wire.count < 5 ? 0 : 5)))
      #expect(came.error == nil)
      try await client.close()
      #expect(await failures.next()?.error as? ConnectionError == .timedOut(limited.limit))
    }
  }

  @Test("are not evaded with bytes that belong to no message", arguments: Way.all)
  func noMessage(way: Way) async throws {
    let limits = Self.limits(.handshake)
    try await withEcho(way, framer: LineFramer(limit: 9, tooLongFrame: .discard), limits: limits) {
      server, failures in
      let client = try await server.connect(RawFramer())
      let line = [UInt8](repeating: 120, count: 100)
      // A line without end, until the server has enough.
      do {
        while true {
          try await client.send(line)
          try await client.flush()
        }
      } catch {}
      await client.reset()
      while let failure = await failures.next() {
        if failure.error as? ConnectionError == .timedOut(.handshake) { break }
      }
    }
  }

  @Test("cut a peer that does not take its replies", arguments: Way.all)
  func write(way: Way) async throws {
    try await withEcho(way, limits: Self.limits(.write, .milliseconds(100))) { server, failures in
      let client = try await server.connect(RawFramer())
      let message = [UInt8](repeating: 1, count: 1 << 20)
      var lengthAndMessage = FrameEncoder(LengthPrefixedFramer())
      try lengthAndMessage.append(message)
      let frame = lengthAndMessage.takeBytes()
      // More than the kernel takes for both; the client reads no more than it has room for.
      do {
        for _ in 0..<64 { try await client.send(frame) }
        try await client.flush()
      } catch let error as ConnectionError {
        guard case .system(let error) = error, error.isPeerGone else { throw error }
      }
      #expect(await failures.next()?.error as? ConnectionError == .timedOut(.write))
      await client.reset()
    }
  }

  @Test("bound a frame, whatever the framer allows, before its bytes come", arguments: Way.all)
  func frame(way: Way) async throws {
    var limits = ServerLimits()
    limits.connection.frameBytes = 1000
    try await withEcho(way, limits: limits) { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send([0, 0, 0, 1, 7, 0, 1, 0, 0])
      #expect(await client.drain().bytes == [0, 0, 0, 1, 7])
      try await client.close()
      let fault = FramingError(.tooLong(length: 65_540, limit: 1000), at: 5)
      #expect(await failures.next()?.error as? ConnectionError == .framing(fault))
    }
  }

  @Test(
    "refuse connections above a number, tell of it, and take others when some have gone",
    arguments: [true, false])
  func connections(perPeer: Bool) async throws {
    var limits = ServerLimits()
    if perPeer { limits.connectionsPerPeer = 2 } else { limits.connections = 2 }
    try await withEcho(Way.all[0], limits: limits) { server, failures in
      var clients: [FramedConnection] = []
      for number: UInt8 in 0..<2 {
        let client = try await server.connect()
        try await client.send([number])
        #expect(try await client.receive() == [number])
        clients.append(client)
      }
      await #expect(throws: ConnectionError.self) {
        let third = try await server.connect()
        defer { Task { await third.reset() } }
        _ = try await third.receive()
      }
      let failure = await failures.next()
      #expect(failure?.error as? ConnectionError == .refused(perPeer ? .perPeer : .total))
      try await clients.removeLast().close()
      // The server learns of a closed connection a little later than the client.
      while true {
        let reply = try? await FramedConnection.withConnection(
          to: server.address, framer: LengthPrefixedFramer(), on: server.loop
        ) { next in
          try await next.send([9])
          return try await next.receive()
        }
        if reply == [9] { break }
      }
      for client in clients { try await client.close() }
    }
  }
}
