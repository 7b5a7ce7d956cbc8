import Framing
import FramingTransport
import Testing

@Suite("A connection is the same to whoever uses it", .timeLimit(.minutes(5)))
struct CallerTests {
  /// Where the code runs that uses a connection.
  enum Caller: CaseIterable, Sendable {
    /// In the handler, isolated to the connection.
    case handler
    /// In a child of the handler, on the thread of the loop.
    case child
    /// In a task of its own, on any thread.
    case elsewhere

    func use(
      _ connection: isolated FramedConnection,
      _ body: @escaping @Sendable (FramedConnection) async throws -> Void
    ) async throws {
      switch self {
      case .handler: try await body(connection)
      case .child:
        async let child: Void = body(connection)
        try await child
      case .elsewhere: try await Task.detached { try await body(connection) }.value
      }
    }
  }

  @Test("messages go both ways, and what cannot be framed is refused alone", arguments: Caller.allCases)
  func exchange(caller: Caller) async throws {
    let passes = Log<Int>()
    try await withServer(.poll, framer: FixedLengthFramer(size: 2)) { connection in
      try await caller.use(connection) { connection in
        while let message = try await connection.receive() {
          try await connection.send(message)
          let refused = await error { () async throws(ConnectionError) in try await connection.send([1]) }
          guard case .framing? = refused else { return #expect(refused == nil, "not a fault of framing") }
          try await connection.send(Scattered(bytes: [2, 3], passes: passes))
          try await connection.send("ok".utf8)
        }
      }
    } _: { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send("abcd".utf8)
      await client.finish()
      #expect(await client.drain() == (Array("ab\u{2}\u{3}okcd\u{2}\u{3}ok".utf8), nil))
      try await client.close()
      #expect(failures.entries.isEmpty)
    }
    #expect(passes.entries == [0, 0], "a collection was gone through more often than it was sent")
  }

  @Test("frames that are left out are told once each, and no message is lost", arguments: Caller.allCases)
  func leftOut(caller: Caller) async throws {
    let came = Log<[UInt8]>()
    try await withServer(.poll, framer: LineFramer(limit: 3, tooLongFrame: .discard)) { connection in
      try await caller.use(connection) { connection in
        for try await message in connection.messages { came.add(message) }
      }
    } _: { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send("too long\na\nagain too long\n".utf8)
      try await client.flush()
      try await client.send("once more\nb\n".utf8)
      await client.finish()
      #expect(await client.drain() == ([], nil))
      try await client.close()
      let faults = [0, 11, 26].map { FramingError(.tooLong(length: nil, limit: 3), at: $0) }
      #expect(failures.entries.map { $0.error as? ConnectionError } == faults.map { .leftOut($0) })
      #expect(server.counters[.leftOut] == 3)
    }
    #expect(came.entries == [Array("a".utf8), Array("b".utf8)])
  }

  @Test("no memory is held for what has come once its end was met", arguments: Caller.allCases)
  func memory(caller: Caller) async throws {
    let held = Log<Int>()
    try await withServer(.poll) { connection in
      _ = try await connection.receive()
      // The loop reads once in a turn: all that follows, and the end.
      for _ in 0..<20 { try await connection.loop.sleep(for: .zero) }
      try await caller.use(connection) { connection in
        while try await connection.receive() != nil {}
        held.add(await connection.heldBytes)
      }
    } _: { server, _ in
      let client = try await server.connect(RawFramer())
      try await client.send((0..<500).flatMap { _ in [0, 0, 0, 76] + [UInt8](repeating: 1, count: 76) })
      await client.finish()
      #expect(await client.drain() == ([], nil))
      try await client.close()
    }
    #expect(held.entries == [0])
  }
}

/// Bytes that are not in one piece of memory; tells of each time that they are gone through.
private struct Scattered: Collection, Sendable {
  let bytes: [UInt8]
  let passes: Log<Int>

  var startIndex: Int { bytes.startIndex }
  var endIndex: Int { bytes.endIndex }
  func index(after index: Int) -> Int { index + 1 }
  subscript(index: Int) -> UInt8 {
    if index == startIndex { passes.add(index) }
    return bytes[index]
  }
}
