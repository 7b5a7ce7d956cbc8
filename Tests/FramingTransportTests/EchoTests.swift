import Framing
import FramingTransport
import Testing

@Suite("A framed echo")
struct EchoTests {
  @Test("answers every message, in order", arguments: SelectorKind.available)
  func echo(selector: SelectorKind) async throws {
    try await check(selector) { message, connection in try connection.send(message) }
  }

  @Test("can be made of arrays, too", arguments: SelectorKind.available)
  func arrays(selector: SelectorKind) async throws {
    try await check(selector) { message, connection in
      try connection.send([UInt8](copying: message))
    }
  }

  private func check(_ selector: SelectorKind, _ handler: @escaping FramedConnection.MessageHandler)
    async throws
  {
    let loop = try EventLoop(selector: selector)
    // The client shares its threads with all other tests, and may be late.
    var limits = ServerLimits()
    (limits.connection.handshakeTime, limits.connection.messageTime) = (nil, nil)
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits, on: loop)
    async let serving: Void = server.run(onMessage: handler)
    let replies = try await FramedConnection.withConnection(
      to: server.address, framer: LengthPrefixedFramer()
    ) { connection in
      for number in 0..<100 { try await connection.send([UInt8](repeating: UInt8(number), count: number)) }
      connection.finish()
      var replies: [[UInt8]] = []
      for try await message in connection.messages { replies.append(message) }
      return replies
    }
    #expect(replies == (0..<100).map { [UInt8](repeating: UInt8($0), count: $0) })
    server.shutdown()
    try await serving
  }
}
