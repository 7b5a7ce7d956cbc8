import Foundation
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

  @Test("answers what it had not read yet, however much that is", arguments: Way.all, [1, 3000])
  func unread(way: Way, count: Int) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector))
    async let serving: Void = server.echo(way.style)
    let client = try await server.connect(RawFramer())
    try await client.send([0, 0, 0, 1, 7])
    #expect(try await client.receive() == [0, 0, 0, 1, 7])
    var encoder = FrameEncoder(LengthPrefixedFramer())
    for number in 0..<count { try encoder.append([UInt8](repeating: UInt8(number & 0xFF), count: 60)) }
    let wire = encoder.takeBytes()
    try await client.send(wire)
    try await client.flush()
    // The server shares the loop with the client, so it has had no turn to read.
    server.shutdown()
    #expect(await client.drain().bytes == wire)
    try await client.close()
    try await serving
    #expect(server.counters[.messagesReceived] == 1 + count)
    #expect(server.counters[.cut] == 0)
  }

  @Test("ends behind replies that had to wait for their peer", arguments: Way.all)
  func paused(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    var limits = ServerLimits()
    limits.connection.queuedBytes = 1000
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits, on: loop)
    async let serving: Void = server.echo(way.style)
    let client = try await server.connect(RawFramer())
    try await client.send([0, 0, 0, 1, 7])
    #expect(try await client.receive() == [0, 0, 0, 1, 7])
    // From here on the client sends once, and what the server sends is not taken.
    let isHeld = Shared(true)
    kernel.begin { call, index in
      call == .send && index >= 1 && isHeld.value ? .fails(EAGAIN) : nil
    }
    var encoder = FrameEncoder(LengthPrefixedFramer())
    for number in 0..<100 { try encoder.append([UInt8](repeating: UInt8(number), count: 60)) }
    let wire = encoder.takeBytes()
    try await client.send(wire)
    try await client.flush()
    while server.counters[.queuedBytes] <= 1000 { await Task.yield() }
    server.shutdown()
    while server.phase != .finishing { await Task.yield() }
    isHeld.set(false)
    #expect(await client.drain().bytes == wire)
    try await client.close()
    try await serving
    #expect(server.counters[.cut] == 0)
  }

  @Test("answers those who had connected and were not accepted yet", arguments: Way.all)
  func unaccepted(way: Way) async throws {
    let server = try serverStoppedWhenReady(way)
    var clients: [FramedConnection] = []
    for number: UInt8 in 0..<5 {
      let client = try await server.connect()
      try await client.send([number])
      try await client.flush()
      clients.append(client)
    }
    async let serving: Void = server.echo(way.style)
    for (number, client) in clients.enumerated() {
      #expect(try await client.collect() == [[UInt8(number)]])
      try await client.close()
    }
    try await serving
  }

  @Test(
    "goes on accepting for as long as it is told to, and no longer when it is told again", arguments: Way.all)
  func accepting(way: Way) async throws {
    let phases = Log<ServerPhase>()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector)
    ) { event in
      if case .entered(let phase, _) = event { phases.add(phase) }
    }
    #expect(server.phase == .starting)
    async let serving: Void = server.echo(way.style)
    #expect(await phases.next() == .ready)
    server.shutdown(Drain(acceptTime: .seconds(3000), time: .seconds(6000)))
    #expect(await phases.next() == .draining)
    let client = try await server.connect()
    try await client.send([1])
    #expect(try await client.receive() == [1])
    server.shutdown()
    #expect(await phases.next() == .finishing)
    #expect(try await client.receive() == nil)
    try await client.close()
    try await serving
    #expect(phases.entries == [.ready, .draining, .finishing, .stopped])
    #expect(server.phase == .stopped)
    await #expect(throws: ConnectionError.self) { try await server.connect() }
  }

  /// An echo, and then the goodbye that `server` says when it is told to stop.
  private static func expectGoodbye(of server: FramedServer) async throws {
    let client = try await server.connect()
    try await client.send([1])
    #expect(try await client.receive() == [1])
    server.shutdown()
    #expect(try await client.collect() == [[99]])
    try await client.close()
  }

  @Test("lets a synchronous handler say goodbye", arguments: SelectorKind.available)
  func goodbye(selector: SelectorKind) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: selector))
    async let serving: Void = server.run(
      onMessage: { message, connection in try connection.send(message) },
      onDrain: { connection in try? connection.send([99]) })
    try await Self.expectGoodbye(of: server)
    try await serving
  }

  @Test("lets a task see that it is the server that ends, and say goodbye", arguments: SelectorKind.available)
  func taskGoodbye(selector: SelectorKind) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: selector))
    async let serving: Void = server.run { connection in
      for try await message in connection.messages { try await connection.send(message) }
      if connection.isDraining { try await connection.send([99]) }
    }
    try await Self.expectGoodbye(of: server)
    try await serving
  }

  @Test("cuts and counts what is not finished when the time is over", arguments: Way.all)
  func neverWhole(way: Way) async throws {
    let failures = Failures()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector),
      onEvent: { failures.note($0) })
    async let serving: Void = server.echo(way.style)
    let client = try await server.connect(RawFramer())
    try await client.send([0, 0, 0, 1, 7, 0, 0, 0, 2, 8])
    #expect(try await client.receive() == [0, 0, 0, 1, 7])
    server.shutdown(Drain(time: .milliseconds(50)))
    try await serving
    #expect(await client.drain().bytes.isEmpty)
    #expect(await failures.next()?.error as? ConnectionError == .cut)
    #expect(server.counters[.cut] == 1)
    await client.reset()
  }

  @Test("cancels handlers that do not end by themselves", arguments: SelectorKind.available)
  func stubborn(selector: SelectorKind) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: selector))
    let hasBegun = Signal()
    async let serving: Void = server.run { _ in
      hasBegun.give()
      while !Task.isCancelled { await Task.yield() }
    }
    let client = try await server.connect()
    await hasBegun.wait()
    server.shutdown(.immediate)
    #expect(try await client.receive() == nil)
    try await client.close()
    try await serving
    #expect(server.counters[.cut] == 1)
  }
}
