import Foundation
import Framing
import FramingTransport
import Testing

@Suite("The counters of a server", .timeLimit(.minutes(5)))
struct ServerCountersTests {
  @Test("count what went through, in messages and in bytes", arguments: Way.all)
  func traffic(way: Way) async throws {
    try await withEcho(way) { server, _ in
      for number: UInt8 in 0..<3 {
        let client = try await server.connect()
        for _ in 0...number { try await client.send([number, number]) }
        for _ in 0...number { #expect(try await client.receive() == [number, number]) }
        #expect(server.counters[.open] == 1)
        try await client.close()
      }
      var counters = server.counters
      #expect(counters[.accepted] == 3)
      #expect((counters[.messagesReceived], counters[.messagesSent]) == (6, 6))
      #expect((counters[.bytesReceived], counters[.bytesSent]) == (36, 36))
      // The server learns of a closed connection a little later than the client.
      while counters[.open] > 0 {
        await Task.yield()
        counters = server.counters
      }
      let others = ServerCounters.Counter.allCases.filter { counters[$0] != 0 }
      #expect(others == [.accepted, .messagesReceived, .messagesSent, .bytesReceived, .bytesSent])
      #expect(
        counters.description == "accepted=3 messagesReceived=6 messagesSent=6 bytesReceived=36 bytesSent=36")
    }
  }

  /// What a peer does wrong, and what is counted.
  static let wrongs: [(wire: [UInt8], counter: ServerCounters.Counter)] = [
    ([0xFF, 0xFF, 0xFF, 0xFF], .tooLong), ([0, 0, 0, 9, 1], .truncated), ([0, 0, 0, 1, 5, 0, 0], .truncated),
  ]

  @Test("count by kind what peers do wrong", arguments: Way.all, wrongs)
  func wrong(way: Way, wrong: (wire: [UInt8], counter: ServerCounters.Counter)) async throws {
    try await withEcho(way) { server, failures in
      let client = try await server.connect(RawFramer())
      try await client.send(wrong.wire)
      await client.finish()
      _ = await client.drain()
      try await client.close()
      _ = await failures.next()
      #expect(server.counters[wrong.counter] == 1)
    }
  }

  @Test("have the message at which a handler throws, when that is told", arguments: SelectorKind.available)
  func thrown(selector: SelectorKind) async throws {
    struct Refusal: Error {}
    let (told, server) = (Shared<[Int]>([]), Shared<FramedServer?>(nil))
    let one = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: selector),
      onEvent: { event in
        guard case .connectionFailed = event, let server = server.value else { return }
        told.change { $0.append(server.counters[.messagesReceived]) }
      })
    server.set(one)
    async let serving: Void = one.run(onMessage: { message, _ in if message[0] == 3 { throw Refusal() } })
    let client = try await one.connect()
    for number: UInt8 in [1, 2, 3, 4] { try await client.send([number]) }
    #expect(try await client.receive() == nil)
    try await client.close()
    one.shutdown()
    try await serving
    server.set(nil)
    #expect(told.value == [3])
  }

  @Test("count what waits while a peer does not read, and the most that did", arguments: Way.all)
  func queued(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    try await withEcho(way, on: loop) { server, _ in
      let client = try await server.connect()
      try await client.send([1])
      #expect(try await client.receive() == [1])
      // From here on the client sends once, and what the server sends is not taken.
      let isHeld = Shared(true)
      kernel.begin { call, index in
        call == .send && index >= 1 && isHeld.value ? .fails(EAGAIN) : nil
      }
      try await client.send([UInt8](repeating: 2, count: 1000))
      try await client.flush()
      while server.counters[.queuedBytes] < 1004 { await Task.yield() }
      #expect(server.counters[.queuedBytes] == 1004)
      isHeld.set(false)
      #expect(try await client.receive()?.count == 1000)
      try await client.close()
      #expect(server.counters[.queuedBytes] == 0)
      #expect(server.counters[.highestQueuedBytes] == 1004)
    }
  }
}
