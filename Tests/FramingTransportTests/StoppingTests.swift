import Framing
import FramingTransport
import Testing

@Suite("Stopping a server", .timeLimit(.minutes(5)))
struct StoppingTests {
  @Test("waits for a message that has begun, answers it, and takes no other", arguments: Way.all)
  func begun(way: Way) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector))
    async let serving: Void = server.echo(way.style)
    let client = try await server.connect(RawFramer())
    try await client.send([0, 0, 0, 1, 7, 0, 0, 0, 2, 8])
    #expect(try await client.receive() == [0, 0, 0, 1, 7])
    let idle = try await server.connect()
    try await idle.send([1])
    #expect(try await idle.receive() == [1])
    server.shutdown()
    // The idle one sees the end at once, and so knows that the server stops.
    #expect(try await idle.receive() == nil)
    try await idle.close()
    try await client.send([9])
    #expect(await client.drain().bytes == [0, 0, 0, 2, 8, 9])
    try await client.close()
    try await serving
  }

  @Test("waits no longer than closing may take", arguments: Way.all)
  func neverWhole(way: Way) async throws {
    var limits = ServerLimits()
    limits.connection.closeTime = .milliseconds(50)
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits,
      on: EventLoop(selector: way.selector))
    async let serving: Void = server.echo(way.style)
    let client = try await server.connect(RawFramer())
    try await client.send([0, 0, 0, 1, 7, 0, 0, 0, 2, 8])
    #expect(try await client.receive() == [0, 0, 0, 1, 7])
    server.shutdown()
    try await serving
    #expect(await client.drain().bytes.isEmpty)
    await client.reset()
  }
}
