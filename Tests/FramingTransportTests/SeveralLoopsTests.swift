import Framing
import FramingTransport
import Testing

@Suite("A server with several loops", .timeLimit(.minutes(5)))
struct SeveralLoopsTests {
  @Test("gives each loop its share of the connections, and serves all", arguments: Way.all)
  func shares(way: Way) async throws {
    let loops = Log<ObjectIdentifier>()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector), loops: 3)
    async let serving: Void = {
      switch way.style {
      case .sync:
        try await server.run(onMessage: { message, connection in
          connection.loop.checkIsolated()
          loops.add(ObjectIdentifier(connection.loop))
          try connection.send(message)
        })
      case .async:
        try await server.run { connection in
          for try await message in connection.messages {
            connection.loop.checkIsolated()
            loops.add(ObjectIdentifier(connection.loop))
            try await connection.send(message)
          }
        }
      }
    }()
    var clients: [FramedConnection] = []
    for number: UInt8 in 0..<12 {
      let client = try await server.connect()
      try await client.send([number])
      clients.append(client)
    }
    for (number, client) in clients.enumerated() { #expect(try await client.receive() == [UInt8(number)]) }
    for client in clients { try await client.close() }
    server.shutdown()
    try await serving
    let counts = Dictionary(grouping: loops.entries, by: { $0 }).values.map(\.count)
    #expect(counts == [4, 4, 4])
  }

  @Test("stops while its connections are busy on all of them", arguments: Way.all)
  func shutdown(way: Way) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector), loops: 2)
    async let serving: Void = server.echo(way.style)
    var clients: [FramedConnection] = []
    for number: UInt8 in 0..<20 {
      let client = try await server.connect()
      try await client.send([number])
      #expect(try await client.receive() == [number])
      clients.append(client)
    }
    server.shutdown()
    for client in clients {
      #expect(try await client.receive() == nil)
      try await client.close()
    }
    try await serving
  }

  @Test("counts the connections of all loops against its limits")
  func caps() async throws {
    var limits = ServerLimits()
    limits.connections = 3
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits, on: EventLoop(), loops: 2)
    async let serving: Void = server.echo(.async)
    var served = 0
    var clients: [FramedConnection] = []
    for number: UInt8 in 0..<6 {
      guard let client = try? await server.connect() else { continue }
      clients.append(client)
      _ = try? await client.send([number])
      if (try? await client.receive()) == [number] { served += 1 }
    }
    #expect(served == 3)
    for client in clients { await client.reset() }
    server.shutdown()
    try await serving
  }
}
