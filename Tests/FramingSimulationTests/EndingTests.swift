import CSystemShims
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("The end of a connection, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct EndingTests {
  @Test(
    "with bytes and a reset in one turn delivers the bytes, then the reset, never a clean end",
    arguments: [SelectorKind.epoll, .poll, .select, .kqueue])
  func bytesThenReset(selector: SelectorKind) throws {
    let network = SimulatedNetwork.calm(selector: selector)
    let (messages, error) = try network.run {
      try await withServer(
        handler: { connection in
          _ = try await connection.receive()
          try await connection.send("last".utf8)
          try await connection.flush()
          connection.reset()
        }
      ) { server in
        let client = try await FramedConnection.to(server)
        try await client.send("first".utf8)
        // Until both have arrived.
        await network.pass(.milliseconds(10))
        let result = await client.drain()
        await client.reset()
        return result
      }
    }
    #expect(messages == [Array("last".utf8)])
    guard case .system(let error)? = error else {
      Issue.record("the end was \(error.map { "\($0)" } ?? "clean")")
      return
    }
    #expect(error.code == ECONNRESET)
  }

  @Test("of the request carries a reply of a megabyte, though its peer reads late")
  func halfClosed() throws {
    let network = SimulatedNetwork.calm()
    let reply = [UInt8](repeating: 5, count: 1 << 20)
    let count = try network.run {
      try await withServer(
        handler: { connection in
          for try await _ in connection.messages {}
          try await connection.send(reply)
        }
      ) { server in
        let client = try await FramedConnection.to(server)
        try await client.send("all".utf8)
        await client.finish()
        await network.pass(.seconds(5))
        let (messages, error) = await client.drain()
        #expect(error == nil)
        try await client.close()
        return messages.map(\.count)
      }
    }
    #expect(count == [1 << 20])
  }

  @Test("that this side asks for sends a megabyte that is queued, and does not mind bytes that nobody reads")
  func closing() throws {
    let network = SimulatedNetwork.calm()
    let received = Shared(0)
    try network.run {
      try await withServer(
        handler: { connection in
          // It sends what nobody will read, too.
          for try await message in connection.messages {
            received.change { $0 += message.count }
            try connection.queue(Array("unread".utf8))
          }
        }
      ) { server in
        let client = try await FramedConnection.to(server)
        for _ in 0..<16 { try await client.queue([UInt8](repeating: 1, count: 1 << 16)) }
        try await client.close()
      }
    }
    #expect(received.value == 1 << 20)
  }

  @Test("at its deadline says how many bytes were lost")
  func deadline() throws {
    let network = SimulatedNetwork.calm()
    let error = try network.run {
      var limits = ServerLimits()
      limits.connection = limits.connection.withoutTimes
      // It waits for something else, and reads nothing.
      let isOver = Shared(false)
      return try await withServer(
        limits: limits,
        handler: { connection in
          while !isOver.value { await network.pass(.seconds(1)) }
          connection.reset()
        }
      ) { server in
        let client = try await FramedConnection.to(server)
        for _ in 0..<64 { try await client.queue([UInt8](repeating: 1, count: 1 << 14)) }
        let queued = await client.queuedBytes
        var thrown: ConnectionError?
        do throws(ConnectionError) { try await client.close() } catch { thrown = error }
        isOver.change { $0 = true }
        return (thrown, queued)
      }
    }
    guard case .unsent(let bytes)? = error.0 else {
      Issue.record("closing ended with \(error.0.map { "\($0)" } ?? "no error")")
      return
    }
    #expect((1...error.1).contains(bytes))
    #expect(network.time >= .seconds(10))
  }
}

extension FramedConnection {
  /// Sends without waiting, as a synchronous handler does.
  func queue(_ message: [UInt8]) throws(ConnectionError) { try send(message.span) }
}
