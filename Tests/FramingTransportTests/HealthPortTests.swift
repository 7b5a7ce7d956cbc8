import Framing
import FramingTransport
import Testing

@Suite("The health port", .timeLimit(.minutes(5)))
struct HealthPortTests {
  @Test("says how the server is, whatever it is sent, until it has stopped", arguments: Way.all)
  func phases(way: Way) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector))
    let address = try server.reportHealth(at: .loopback(port: 0))
    #expect(try await Self.ask(address, on: server.loop) == "starting\n")
    async let serving: Void = server.echo(way.style)
    while server.phase != .ready { await Task.yield() }
    #expect(try await Self.ask(address, on: server.loop) == "ready\n")
    #expect(try await Self.ask(address, on: server.loop, saying: "GET / HTTP/1.0\r\n\r\n") == "ready\n")
    server.shutdown(Drain(acceptTime: .seconds(3000), time: .seconds(6000)))
    while server.phase != .draining { await Task.yield() }
    #expect(try await Self.ask(address, on: server.loop) == "draining\n")
    server.shutdown()
    try await serving
    // It ends with the server, on the same loop.
    while let answer = try? await Self.ask(address, on: server.loop) { #expect(answer == "draining\n") }
  }

  @Test("can be asked by many at once, and costs the server no connection")
  func many() async throws {
    try await withEcho(Way.all[0]) { server, _ in
      let address = try server.reportHealth(at: .loopback(port: 0))
      while server.phase != .ready { await Task.yield() }
      try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<100 { group.addTask { try await Self.ask(address, on: server.loop) } }
        for try await answer in group { #expect(answer == "ready\n") }
      }
      #expect(server.counters[.accepted] == 0)
    }
  }

  @Test("is refused where somebody else listens")
  func inUse() async throws {
    try await withEcho(Way.all[0]) { server, _ -> Void in
      #expect(throws: SystemError.self) { _ = try server.reportHealth(at: server.address) }
    }
  }

  private static func ask(
    _ address: SocketAddress, on loop: EventLoop, saying text: String = ""
  ) async throws -> String {
    let client = try await FramedConnection.connect(to: address, framer: RawFramer(), on: loop)
    if !text.isEmpty { try await client.send(text.utf8) }
    let came = await client.drain()
    await client.reset()
    if let error = came.error { throw error }
    return String(decoding: came.bytes, as: UTF8.self)
  }
}
