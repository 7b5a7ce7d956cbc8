import Foundation
import Framing
import FramingTransport
import Testing

@Suite("A server that stops while many threads use it", .timeLimit(.minutes(5)))
struct StoppingThreadsTests {
  @Test("answers what it has taken, turns the others away, and keeps nobody waiting", arguments: Way.all)
  func stopping(way: Way) async throws {
    for round in 0..<10 {
      let server = try FramedServer(
        at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector),
        loops: 2)
      let clients = try EventLoop(selector: way.selector)
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await #expect(throws: Never.self) { try await server.echo(way.style) } }
        for _ in 0..<4 {
          group.addTask {
            // Until there is no server any more.
            while await Self.talk(to: server.address, on: clients) {}
          }
        }
        for _ in 0..<3 {
          group.addTask {
            while server.counters[.messagesReceived] < 20 * round { await Task.yield() }
            await withCheckedContinuation { continuation in
              Thread.detachNewThread {
                server.shutdown()
                continuation.resume()
              }
            }
          }
        }
      }
      #expect(server.phase == .stopped)
      #expect(server.counters[.open] == 0)
      // Too late, and no harm.
      server.shutdown()
    }
  }

  /// Exchanges messages until the connection ends; answers whether there was one.
  private static func talk(to address: SocketAddress, on loop: EventLoop) async -> Bool {
    guard
      let client = try? await FramedConnection.connect(to: address, framer: LengthPrefixedFramer(), on: loop)
    else { return false }
    do throws(ConnectionError) {
      for number in 0... as PartialRangeFrom<UInt8> {
        try await client.send([number])
        guard let reply = try await client.receive() else { break }
        #expect(reply == [number])
        if number == 50 { break }
      }
      try await client.close()
    } catch {
      // The server stopped in the middle of it.
      await client.reset()
    }
    return true
  }
}
