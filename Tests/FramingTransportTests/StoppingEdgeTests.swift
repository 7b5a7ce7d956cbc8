import Foundation
import Framing
import Testing

@testable import FramingTransport

@Suite("A server that stops, at its edges", .timeLimit(.minutes(5)))
struct StoppingEdgeTests {
  /// A client that sends frames without end until it is told to stop, or cannot.
  private func stream(to server: FramedServer, until isOver: Shared<Bool>) async throws -> Task<Void, Never> {
    let loop = try EventLoop()
    let client = try await FramedConnection.connect(
      to: server.address, framer: LengthPrefixedFramer(), on: loop)
    return Task {
      let message = [UInt8](repeating: 1, count: 16_000)
      while !isOver.value, (try? await client.send(message)) != nil {}
      await client.reset()
    }
  }

  /// Serves with a handler that answers each message with what `reply` says.
  private static func serve(
    _ server: FramedServer, _ style: Way.Style, _ reply: @escaping @Sendable (Int) -> [UInt8]?
  ) async throws {
    switch style {
    case .sync:
      try await server.run(onMessage: { message, connection in
        if let reply = reply(message.count) { try connection.send(reply) }
      })
    case .async:
      try await server.run { connection in
        for try await message in connection.messages {
          if let reply = reply(message.count) { try await connection.send(reply) }
        }
      }
    }
  }

  @Test("does not wait for a peer that never ceases to send", arguments: Way.all)
  func streaming(way: Way) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector))
    async let serving: Void = Self.serve(server, way.style) { _ in nil }
    let isOver = Shared(false)
    let client = try await stream(to: server, until: isOver)
    while server.counters[.messagesReceived] < 10 { await Task.yield() }
    // Long enough for whoever is slow to take what had come; the end does not come from the client.
    server.shutdown(Drain(time: .seconds(120)))
    try await serving
    #expect(server.counters[.cut] == 0)
    isOver.set(true)
    await client.value
  }

  @Test("does not cut a reply that the system has and the peer does not", arguments: Way.all)
  func replyInKernel(way: Way) async throws {
    var limits = ServerLimits()
    limits.connection.queuedBytes = 16 << 20
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits,
      on: EventLoop(selector: way.selector))
    async let serving: Void = Self.serve(server, way.style) { _ in [UInt8](repeating: 7, count: 1_500_000) }
    let client = try Socket.connecting(to: server.address, system: Kernel.real)
    Poll.wait(client.descriptor, for: .writable)
    try client.write("\0\0\0\u{1}x")
    while server.counters[.bytesSent] < 1_500_004 { await Task.yield() }
    let begin = Kernel.real.now()
    server.shutdown()
    // Longer than a connection waits for the end of its peer; then one more byte, which would draw a reset.
    while Kernel.real.now() - begin < 1_300_000_000 { await Task.yield() }
    try client.write("\0")
    var count = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    reading: while true {
      switch try buffer.withUnsafeMutableBytes({ try client.read(into: $0) }) {
      case .bytes(let more): count += more
      case .wouldBlock: Poll.wait(client.descriptor, for: .readable)
      case .ended: break reading
      }
    }
    #expect(count == 1_500_004)
    _ = consume client
    try await serving
    #expect(server.counters[.cut] == 0)
  }

  @Test(
    "counts a connection as cut that had failed before, and whose reply could not be sent", arguments: Way.all
  )
  func cutAfterFailure(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: loop)
    async let serving: Void = server.echo(way.style)
    let client = try await FramedConnection.connect(
      to: server.address, framer: RawFramer(), on: EventLoop())
    kernel.holdsSends = true
    try await client.send([0, 0, 0, 1, 7, 0x7F, 0x7F, 0x7F, 0x7F])
    while server.counters[.tooLong] == 0 { await Task.yield() }
    server.shutdown(.immediate)
    try await serving
    #expect(server.counters[.cut] == 1)
    kernel.holdsSends = false
    await client.reset()
  }

  @Test("does not take for an error of the handler that it was cancelled", arguments: SelectorKind.available)
  func cancelled(selector: SelectorKind) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: selector))
    async let serving: Void = server.run { connection in
      try await connection.loop.sleep(for: .seconds(3000))
    }
    let client = try await server.connect()
    while server.counters[.open] < 1 { await Task.yield() }
    server.shutdown(.immediate)
    try await serving
    #expect(server.counters[.handlerErrors] == 0)
    #expect(server.counters[.cut] == 1)
    await client.reset()
  }

  @Test("tells a handler that waits for others than its peer", arguments: SelectorKind.available)
  func told(selector: SelectorKind) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: selector))
    let (others, say) = AsyncStream<[UInt8]>.makeStream()
    async let serving: Void = server.run(onDrain: { _ in say.finish() }) { connection in
      for await message in others { try await connection.send(message) }
    }
    let client = try await server.connect()
    say.yield([1])
    #expect(try await client.receive() == [1])
    server.shutdown()
    #expect(try await client.receive() == nil)
    try await client.close()
    try await serving
    #expect(server.counters[.cut] == 0)
  }

  @Test("answers whoever waits behind others that have gone", arguments: Way.all)
  func behindGone(way: Way) async throws {
    let server = try serverStoppedWhenReady(way)
    for _ in 0..<3 { try await server.connect().reset() }
    let client = try await server.connect()
    try await client.send([9])
    try await client.flush()
    async let serving: Void = server.echo(way.style)
    #expect(try await client.collect() == [[9]])
    try await client.close()
    try await serving
  }

  @Test("lets a health port go with a server that never ran")
  func healthOfNobody() async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: nil, system: kernel)
    do {
      let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: loop)
      _ = try server.reportHealth(at: .loopback(port: 0))
      while kernel.open.count < 4 { await Task.yield() }
    }
    while !kernel.open.isEmpty { await Task.yield() }
  }
}

@Suite("A connection and those who look after it", .timeLimit(.minutes(5)))
struct ConnectionEdgeTests {
  @Test("may be reset by the one who is told that it failed", arguments: Way.all)
  func resetWhenTold(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    let known = Shared<FramedConnection?>(nil)
    let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: loop) { event in
      if case .connectionFailed = event { known.value?.assumeIsolated { $0.reset() } }
    }
    async let serving: Void = server.run(onMessage: { message, connection in
      known.set(connection)
      try connection.send(message)
    })
    let client = try await FramedConnection.connect(
      to: server.address, framer: LengthPrefixedFramer(), on: EventLoop())
    kernel.begin { call, _ in call == .send ? .fails(EPIPE) : nil }
    try await client.send([1])
    _ = await client.drain()
    await client.reset()
    known.set(nil)
    server.shutdown()
    try await serving
  }

  @Test(
    "does not turn the loop when the one who waited for a long message is gone",
    arguments: SelectorKind.available)
  func cancelledReceiver(selector: SelectorKind) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: selector, system: kernel)
    let listener = try Socket.listening(at: .loopback(port: 0))
    let client = try await FramedConnection.connect(
      to: listener.localAddress(), framer: LengthPrefixedFramer(), on: loop)
    Poll.wait(listener.descriptor, for: .readable)
    let peer = try listener.acceptOne()
    let task = Task { try await client.receive() }
    let head: [UInt8] = [0, 0xF0, 0, 0] + [UInt8](repeating: 1, count: 200_000)
    #expect(try peer.write(head.span) == head.count)
    while await client.unread < head.count { await Task.yield() }
    task.cancel()
    _ = try? await task.value
    await client.turn()
    #expect(try peer.write(head.span) == head.count)
    let waits = await kernel.waits(of: loop, within: .milliseconds(50))
    #expect(waits < 50, "\(waits) waits in 50 ms")
    await client.reset()
  }

  @Test("is not blamed for a reply that its handler could not frame", arguments: SelectorKind.available)
  func blame(selector: SelectorKind) async throws {
    let failures = Failures()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(width: 2), on: EventLoop(selector: selector),
      onEvent: { failures.note($0) })
    async let serving: Void = server.run(onMessage: { _, connection in
      try connection.send([UInt8](repeating: 0, count: 1 << 20))
    })
    let client = try await server.connect(LengthPrefixedFramer(width: 2))
    try await client.send([1])
    #expect(try await client.receive() == nil)
    try await client.close()
    let failure = await failures.next()
    #expect(failure?.level == .error)
    #expect(server.counters[.handlerErrors] == 1)
    #expect(server.counters[.tooLong] == 0)
    server.shutdown()
    try await serving
  }
}

extension FramedConnection {
  fileprivate var unread: Int { framing.unreadCount }

}
