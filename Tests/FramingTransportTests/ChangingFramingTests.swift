import Framing
import FramingTransport
import Testing

@Suite("Changing the framing of a live connection", .timeLimit(.minutes(5)))
struct ChangingFramingTests {
  /// A handshake in text, messages in binary, and a line in between that says so. Echoes both, framed alike.
  private func withSwitch(
    _ way: Way, _ body: (FramedServer, Failures) async throws -> Void
  ) async throws {
    let failures = Failures()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LineFramer(), on: EventLoop(selector: way.selector),
      onEvent: { failures.note($0) })
    async let serving: Void = {
      switch way.style {
      case .sync:
        try await server.run(onMessage: { message, connection in
          try connection.send(message)
          if message.count == 6 { connection.changeFraming(to: LengthPrefixedFramer(width: 1)) }
        })
      case .async:
        try await server.run { connection in
          while let message = try await connection.receive() {
            try await connection.send(message)
            if message.count == 6 { connection.changeFraming(to: LengthPrefixedFramer(width: 1)) }
          }
        }
      }
    }()
    try await body(server, failures)
    server.shutdown()
    try await serving
  }

  static let wire = Array("hi\nBINARY\n".utf8) + [3, 10, 13, 10, 0, 1, 7]

  @Test("reads what has arrived behind the last message anew, wherever the stream is cut", arguments: Way.all)
  func everyCut(way: Way) async throws {
    try await withSwitch(way) { server, failures in
      for cut in 0..<Self.wire.count {
        let client = try await server.connect(RawFramer())
        for part in [Self.wire[..<cut], Self.wire[cut...]] where !part.isEmpty {
          try await client.send(Array(part))
          try await client.flush()
          await client.turn()
        }
        await client.finish()
        #expect(await client.drain().bytes == Self.wire, "cut at \(cut)")
        try await client.close()
      }
      #expect(failures.entries.isEmpty)
    }
  }

  @Test("judges the end by the framing that is in force then, and counts offsets on", arguments: Way.all)
  func truncated(way: Way) async throws {
    try await withSwitch(way) { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send(Array("BINARY\n".utf8) + [1, 7, 2, 8])
      await client.finish()
      #expect(await client.drain().bytes == Array("BINARY\n".utf8) + [1, 7])
      try await client.close()
      let fault = FramingError(.truncated(received: 2, expected: 3), at: 9)
      #expect(await failures.next()?.error as? ConnectionError == .framing(fault))
    }
  }

  @Test("lets a client change with the answer, and send at once", arguments: Way.all)
  func client(way: Way) async throws {
    try await withSwitch(way) { server, _ in
      try await FramedConnection.withConnection(
        to: server.address, framer: LineFramer(), on: server.loop
      ) { connection in
        try await connection.send("BINARY".utf8)
        connection.changeFraming(to: LengthPrefixedFramer(width: 1))
        try await connection.send([1, 2, 3])
        // The answers are framed as the server was asked to: one line, then messages.
        connection.changeFraming(to: LineFramer())
        #expect(try await connection.receive() == Array("BINARY".utf8))
        connection.changeFraming(to: LengthPrefixedFramer(width: 1))
        #expect(try await connection.receive() == [1, 2, 3])
        try await connection.send([])
        #expect(try await connection.receive() == [])
      }
    }
  }

  @Test("changes a limit while the connection runs", arguments: SelectorKind.available)
  func limit(selector: SelectorKind) async throws {
    try await withServer(selector, framer: LineFramer(limit: 3)) { connection in
      guard try await connection.receive() == Array("LOG".utf8) else { return }
      connection.changeFraming(to: LineFramer(limit: 100))
      while let line = try await connection.receive() { try await connection.send(line) }
    } _: { server, failures in
      let client = try await server.connect(LineFramer())
      try await client.send("LOG".utf8)
      try await client.send("more than three".utf8)
      #expect(try await client.receive() == Array("more than three".utf8))
      try await client.close()
      #expect(failures.entries.isEmpty)
    }
  }

  @Test("goes on behind an over-long message that is left out, and tells of each", arguments: Way.all)
  func discard(way: Way) async throws {
    let framer = LineFramer(limit: 3, tooLongFrame: .discard)
    try await withEcho(way, framer: framer) { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send("a\ntoo long\nb\nagain too long\n\nc".utf8)
      await client.finish()
      let came = await client.drain()
      #expect(came.error == nil)
      #expect(came.bytes == Array("a\nb\n\nc\n".utf8))
      try await client.close()
      let faults = [2, 13].map { FramingError(.tooLong(length: nil, limit: 3), at: $0) }
      #expect(failures.entries.map { $0.error as? ConnectionError } == faults.map { .leftOut($0) })
    }
  }

  @Test(
    "tells who asks for one message of a frame that was left out, and goes on",
    arguments: SelectorKind.available)
  func leftOut(selector: SelectorKind) async throws {
    try await withServer(selector, framer: LineFramer(limit: 3, tooLongFrame: .discard)) { connection in
      let fault = FramingError(.tooLong(length: nil, limit: 3), at: 0)
      await #expect(throws: ConnectionError.leftOut(fault)) { try await connection.receive() }
      // What is left of that frame is no message of the next framing.
      connection.changeFraming(to: LineFramer(limit: 100))
      while let line = try await connection.receive() { try await connection.send(line) }
    } _: { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send("this is too long, ".utf8)
      try await client.flush()
      await client.turn()
      try await client.send("and this its end\nand now this\n".utf8)
      await client.finish()
      #expect(await client.drain().bytes == Array("and now this\n".utf8))
      try await client.close()
      #expect(failures.entries.isEmpty)
    }
  }

  @Test(
    "gives a handler no message after it closed or threw, whoever changes the framing",
    arguments: [true, false])
  func changeBehindTheEnd(throwing: Bool) async throws {
    struct Enough: Error {}
    let handled = Log<[UInt8]>()
    let connections = Log<FramedConnection>()
    let server = try FramedServer(at: .loopback(port: 0), framer: LineFramer(), on: EventLoop())
    async let serving: Void = server.run(onMessage: { message, connection in
      handled.add([UInt8](copying: message))
      connections.add(connection)
      if throwing { throw Enough() } else { connection.beginClose() }
    })
    let client = try await server.connect(RawFramer())
    try await client.send("a\nb\nc\n".utf8)
    let connection = try #require(await connections.next())
    await connection.changeFraming(to: LineFramer(limit: 5))
    try await client.close()
    server.shutdown()
    try await serving
    #expect(handled.entries == [Array("a".utf8)])
  }

  @Test("keeps the handler waiting while the peer does not read", arguments: SelectorKind.available)
  func changeWhilePaused(selector: SelectorKind) async throws {
    let connections = Log<FramedConnection>()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LineFramer(), on: EventLoop(selector: selector))
    let reply = [UInt8](repeating: 120, count: 300 << 10)
    async let serving: Void = server.run(onMessage: { _, connection in
      try connection.send(reply)
      connections.add(connection)
    })
    let client = try await server.connect(LineFramer())
    let count = 60
    for _ in 0..<count { try await client.send("more".utf8) }
    try await client.flush()
    let connection = try #require(await connections.next())
    // Until it is paused: the kernel has taken all that it takes.
    while await connection.queuedBytes <= 256 << 10 { await client.turn() }
    let before = await connection.queuedBytes
    for _ in 0..<3 { await connection.changeFraming(to: LineFramer()) }
    #expect(await connection.queuedBytes == before)
    for _ in 0..<count { #expect(try await client.receive()?.count == reply.count) }
    try await client.close()
    server.shutdown()
    try await serving
  }
}
