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
      onFailure: { failures.add($0) })
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
    let failures = Failures()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LineFramer(limit: 3, tooLongFrame: .discard),
      on: EventLoop(selector: way.selector), onFailure: { failures.add($0) })
    async let serving: Void = {
      switch way.style {
      case .sync: try await server.echo(.sync)
      case .async:
        try await server.run { connection in
          while true {
            do {
              guard let message = try await connection.receive() else { return }
              try await connection.send(message)
            } catch ConnectionError.framing(let error) {
              try await connection.send("\(error.offset)".utf8)
            }
          }
        }
      }
    }()
    let client = try await server.connect(RawFramer())
    try await client.send("a\ntoo long\nb\nagain too long\n\nc".utf8)
    await client.finish()
    let came = await client.drain()
    #expect(came.error == nil)
    switch way.style {
    case .sync:
      #expect(came.bytes == Array("a\nb\n\nc\n".utf8))
      let faults = [2, 13].map { FramingError(.tooLong(length: nil, limit: 3), at: $0) }
      #expect(failures.entries.map { $0.error as? ConnectionError } == faults.map { .framing($0) })
    case .async: #expect(came.bytes == Array("a\n2\nb\n13\n\nc\n".utf8))
    }
    try await client.close()
    server.shutdown()
    try await serving
  }
}
