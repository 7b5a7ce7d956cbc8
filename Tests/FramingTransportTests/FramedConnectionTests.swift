import Foundation
import Framing
import FramingTransport
import Testing

@Suite("A framed connection", .timeLimit(.minutes(5)))
struct FramedConnectionTests {
  @Test("over the limit ends with size, limit and place, after the replies, and alone", arguments: Way.all)
  func tooLong(way: Way) async throws {
    try await withEcho(way, framer: LengthPrefixedFramer(limit: 65_536)) { server, failures in
      let other = try await server.connect()
      let client = try await server.connect(RawFramer())
      try await client.send([0, 0, 0, 1, 7, 0, 0, 0, 1, 8, 0, 1, 17, 112])
      let came = await client.drain()
      #expect(came.bytes == [0, 0, 0, 1, 7, 0, 0, 0, 1, 8])
      try await client.close()
      let fault = FramingError(.tooLong(length: 70_000, limit: 65_536), at: 10)
      #expect(await failures.next()?.error as? ConnectionError == .framing(fault))
      try await other.send([1])
      #expect(try await other.receive() == [1])
      try await other.close()
    }
  }

  @Test("cut off inside a frame is reported as truncated", arguments: Way.all)
  func truncated(way: Way) async throws {
    try await withEcho(way) { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send([0, 0, 0, 9, 1])
      try await client.close()
      let fault = FramingError(.truncated(received: 5, expected: 13), at: 0)
      #expect(await failures.next()?.error as? ConnectionError == .framing(fault))
    }
  }

  @Test("that sends nothing and closes has not failed, and has ended for good", arguments: Way.all)
  func nothing(way: Way) async throws {
    try await withEcho(way) { server, failures in
      let client = try await server.connect()
      await client.finish()
      for _ in 0..<3 { #expect(try await client.receive() == nil) }
      try await client.close()
      #expect(await error(of: { () async throws(ConnectionError) in try await client.send([1]) }) == .closed)
      #expect(failures.entries.isEmpty)
    }
  }

  @Test("carries frames that arrive one byte at a time", arguments: Way.all)
  func bytewise(way: Way) async throws {
    try await withEcho(way) { server, _ in
      let wire: [UInt8] = [0, 0, 0, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 3]
      let client = try await server.connect(RawFramer())
      for byte in wire {
        try await client.send([byte])
        try await client.flush()
      }
      await client.finish()
      #expect(await client.drain().bytes == wire)
      try await client.close()
    }
  }

  @Test("is one of 200 at once", arguments: Way.all)
  func many(way: Way) async throws {
    try await withEcho(way) { server, failures in
      var clients: [FramedConnection] = []
      for _ in 0..<200 { clients.append(try await server.connect()) }
      for (number, client) in clients.enumerated() { try await client.send([UInt8(number)]) }
      for (number, client) in clients.enumerated() {
        #expect(try await client.receive() == [UInt8(number)])
      }
      for client in clients { try await client.close() }
      #expect(failures.entries.isEmpty)
    }
  }

  @Test("carries messages of 1 MiB both ways", arguments: Way.all)
  func large(way: Way) async throws {
    try await withEcho(way) { server, _ in
      let client = try await server.connect()
      let messages = (0..<4).map { [UInt8](repeating: UInt8($0), count: 1 << 20) }
      async let sending: Void = { for message in messages { try await client.send(message) } }()
      for message in messages { #expect(try await client.receive() == message) }
      try await sending
      try await client.close()
    }
  }

  @Test("that its peer resets is reported, and the others go on", arguments: Way.all)
  func reset(way: Way) async throws {
    try await withEcho(way) { server, failures in
      let other = try await server.connect()
      let client = try await server.connect()
      try await client.send([1])
      #expect(try await client.receive() == [1])
      await client.reset()
      let failure = await failures.next()?.error as? ConnectionError
      #expect(failure == .system(SystemError(call: "recv", code: ECONNRESET)))
      #expect(await error(of: { () async throws(ConnectionError) in try await client.send([1]) }) == .closed)
      try await other.send([1])
      #expect(try await other.receive() == [1])
      try await other.close()
    }
  }

  @Test("closes without losing 4 MiB that its peer is slow to take", arguments: SelectorKind.available)
  func closing(selector: SelectorKind) async throws {
    let closing = Signal()
    let counts = Log<Int>()
    try await withServer(selector) { connection in
      await closing.wait()
      for try await message in connection.messages { counts.add(message.count) }
    } _: { server, _ in
      let client = try await server.connect()
      for _ in 0..<16 { try await client.queue([UInt8](repeating: 1, count: 256 << 10)) }
      async let closed: Void = client.close()
      await client.turn()
      closing.give()
      try await closed
    }
    #expect(counts.entries == Array(repeating: 256 << 10, count: 16))
  }

  @Test("refuses a message that cannot be framed, and goes on", arguments: Way.all)
  func unencodable(way: Way) async throws {
    try await withEcho(way, framer: FixedLengthFramer(size: 2)) { server, _ in
      let client = try await server.connect(FixedLengthFramer(size: 2))
      let refused = await error { () async throws(ConnectionError) in try await client.send([1]) }
      guard case .framing? = refused else { return #expect(refused == nil, "not a fault of framing") }
      try await client.send([1, 2])
      #expect(try await client.receive() == [1, 2])
      try await client.close()
    }
  }

  @Test("cancelled while it waits for a message, goes on and loses none", arguments: Way.all)
  func cancelledReceiver(way: Way) async throws {
    try await withEcho(way) { server, _ in
      let client = try await server.connect()
      for number in 0..<20 {
        let waiting = Task {
          await error { () async throws(ConnectionError) in _ = try await client.receive() }
        }
        if number.isMultiple(of: 2) { await client.turn() }
        waiting.cancel()
        #expect(await waiting.value == .cancelled)
        try await client.send([UInt8(number)])
        #expect(try await client.receive() == [UInt8(number)])
      }
      try await client.close()
    }
  }

  @Test("learns that the body that it is lent to is cancelled, whenever", arguments: SelectorKind.available)
  func cancelledOwner(selector: SelectorKind) async throws {
    try await withServer(selector) { connection in
      for try await _ in connection.messages {}
    } _: { server, _ in
      for number in 0..<20 {
        let lent = Signal()
        let met = Log<ConnectionError?>()
        let waiting = Task {
          try await FramedConnection.withConnection(
            to: server.address, framer: LengthPrefixedFramer(), on: server.loop
          ) { connection in
            lent.give()
            let error = await error { () async throws(ConnectionError) in
              for try await _ in connection.messages {}
            }
            met.add(error)
          }
        }
        await lent.wait()
        if number.isMultiple(of: 2) { try await server.loop.sleep(for: .zero) }
        waiting.cancel()
        _ = await waiting.result
        #expect(met.entries == [.cancelled])
      }
    }
  }

  @Test(
    "tells a child of its handler that it is cancelled, and the handler nothing",
    arguments: SelectorKind.available)
  func cancelledChild(selector: SelectorKind) async throws {
    try await withServer(selector) { connection in
      for _ in 0..<20 {
        let child = Task { [connection] in
          await error { () async throws(ConnectionError) in _ = try await connection.receive() }
        }
        await Task.yield()
        child.cancel()
        #expect(await child.value == .cancelled)
      }
      try await connection.send([0])
      for try await message in connection.messages { try await connection.send(message) }
    } _: { server, _ in
      let client = try await server.connect()
      #expect(try await client.receive() == [0])
      try await client.send([1])
      #expect(try await client.receive() == [1])
      try await client.close()
    }
  }

  @Test("waits to send while its peer is behind; cancelled, it keeps the message", arguments: Way.all)
  func cancelledSender(way: Way) async throws {
    let kernel = FaultyKernel()
    try await withEcho(way, on: EventLoop(selector: way.selector, system: kernel)) { server, _ in
      let client = try await server.connect()
      kernel.holdsSends = true
      let message = [UInt8](repeating: 1, count: 300 << 10)
      let waiting = Task {
        await error { () async throws(ConnectionError) in try await client.send(message) }
      }
      waiting.cancel()
      #expect(await waiting.value == .cancelled)
      kernel.holdsSends = false
      #expect(try await client.receive() == message)
      try await client.close()
    }
    #expect(kernel.open.isEmpty)
  }

  @Test("to nobody is refused in one sentence", arguments: SelectorKind.available)
  func refused(selector: SelectorKind) async throws {
    // Bound, so that nobody else can listen there, and not listening.
    let descriptor = CInt(Kernel.real.socket(family: .ipv4).word)
    defer { Kernel.real.close(descriptor) }
    var address = SocketAddress.loopback(port: 0)
    _ = Kernel.real.bind(descriptor, to: address)
    _ = Kernel.real.localAddress(of: descriptor, into: &address)
    let loop = try EventLoop(selector: selector)
    let target = address
    let refused = await error { () async throws(ConnectionError) in
      _ = try await FramedConnection.connect(to: target, framer: RawFramer(), on: loop)
    }
    #expect(refused?.description == "connect \(target): Connection refused (\(ECONNREFUSED))")
  }

  @Test("carries one message that the end of the stream ends", arguments: Way.all)
  func closeTerminated(way: Way) async throws {
    try await withEcho(way, framer: CloseTerminatedFramer()) { server, _ in
      let client = try await server.connect(CloseTerminatedFramer())
      try await client.send([1, 2, 3])
      await client.finish()
      #expect(try await client.collect() == [[1, 2, 3]])
      try await client.close()
    }
  }

  @Test("sees the end when its server stops, and the server's run returns", arguments: Way.all)
  func shutdown(way: Way) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: RawFramer(), on: EventLoop(selector: way.selector))
    async let serving: Void = server.echo(way.style)
    let client = try await server.connect(RawFramer())
    try await client.send([1])
    #expect(try await client.receive() == [1])
    server.shutdown()
    #expect(try await client.receive() == nil)
    try await client.close()
    try await serving
  }

  @Test(
    "needs a server that runs: one that was stopped or cancelled before returns at once", arguments: Way.all)
  func stoppedBefore(way: Way) async throws {
    for isCancelled in [false, true] {
      let server = try FramedServer(
        at: .loopback(port: 0), framer: RawFramer(), on: EventLoop(selector: way.selector))
      let running = Task { try await server.echo(way.style) }
      if isCancelled { running.cancel() } else { server.shutdown() }
      try await running.value
    }
  }

  @Test("gives a second message of one segment without suspending", arguments: SelectorKind.available)
  func unsuspended(selector: SelectorKind) async throws {
    let turned = Signal()
    let wasTurned = Log<Bool>()
    try await withServer(selector) { connection in
      _ = try await connection.receive()
      connection.loop.execute { turned.give() }
      _ = try await connection.receive()
      wasTurned.add(turned.isGiven)
    } _: { server, _ in
      let client = try await server.connect(RawFramer())
      try await client.send([0, 0, 0, 1, 1, 0, 0, 0, 1, 2])
      #expect(await client.drain().bytes.isEmpty)
      try await client.close()
    }
    #expect(wasTurned.entries == [false])
  }

  @Test("leaves no socket behind")
  func descriptors() async {
    // In a process of its own, as other tests open and close theirs at the same time.
    await #expect(processExitsWith: .success) {
      for way in Way.all {
        let loop = try EventLoop(selector: way.selector)
        // Sockets only: the runtime opens descriptors of other kinds when it likes.
        func count() throws -> Int {
          let folder = "/proc/self/fd"
          return try FileManager.default.contentsOfDirectory(atPath: folder).count { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + name)
            return target?.hasPrefix("socket:") ?? false
          }
        }
        let before = try count()
        try await withEcho(way, on: loop) { server, _ in
          for number in 0..<20 {
            let client = try await server.connect()
            try await client.send([1])
            #expect(try await client.receive() == [1])
            if number.isMultiple(of: 2) { try await client.close() } else { await client.reset() }
          }
        }
        #expect(try count() == before)
      }
    }
  }
}
