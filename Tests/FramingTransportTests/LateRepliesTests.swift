import Framing
import FramingTransport
import Testing

@Suite("A server that stops while replies wait", .timeLimit(.minutes(5)))
struct LateRepliesTests {
  /// A frame of 200 bytes of payload.
  private static let wire: [UInt8] = [0, 0, 0, 200] + [UInt8](repeating: 7, count: 200)

  @Test("closes a connection when its last reply is taken", arguments: Way.all)
  func lastReply(way: Way) async throws {
    let kernel = FaultyKernel()
    var limits = ServerLimits()
    limits.connection.queuedBytes = 100  // One reply, and no message is taken until it is gone.
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits,
      on: EventLoop(selector: way.selector, system: kernel))
    async let serving: Void = server.echo(way.style)
    let client = try await FramedConnection.connect(
      to: server.address, framer: RawFramer(), on: EventLoop(selector: way.selector))
    try await client.send(Self.wire)
    #expect(try await client.receive() == Self.wire)
    // A message has begun when the server stops, and is whole when no reply can go out.
    try await client.send([UInt8](Self.wire.prefix(100)))
    while server.counters[.bytesReceived] < Self.wire.count + 100 { await Task.yield() }
    server.shutdown(Drain(time: .seconds(60)))
    await server.loop.turn()
    kernel.holdsSends = true
    try await client.send([UInt8](Self.wire.suffix(104)))
    while server.counters[.messagesReceived] < 2 { await Task.yield() }
    await server.loop.turn()
    kernel.holdsSends = false
    let end = await client.drain()
    #expect(end.bytes == Self.wire)
    #expect(end.error == nil)
    try await client.close()
    try await serving
    #expect(server.counters[.cut] == 0)
  }
}

extension EventLoop {
  /// Returns when what was asked of the loop before has been done.
  fileprivate func turn() async {
    await withCheckedContinuation { continuation in execute { continuation.resume() } }
  }
}
