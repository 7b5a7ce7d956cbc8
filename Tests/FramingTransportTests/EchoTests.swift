import Framing
import FramingTransport
import Testing

@Suite("A framed echo")
struct EchoTests {
  @Test("answers every message, in order", arguments: SelectorKind.available)
  func echo(selector: SelectorKind) async throws {
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: selector))
    async let serving: Void = server.run(onMessage: { message, connection in try connection.send(message) })
    let replies = try await FramedConnection.withConnection(
      to: server.address, framer: LengthPrefixedFramer()
    ) {
      connection in
      for number in 0..<100 { try await connection.send([UInt8](repeating: UInt8(number), count: number)) }
      connection.finish()
      var replies: [Int] = []
      for try await message in connection.messages { replies.append(message.count) }
      return replies
    }
    #expect(replies == Array(0..<100))
    server.shutdown()
    try await serving
  }
}
