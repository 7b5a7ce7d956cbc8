import Framing
import FramingTransport

/// The echo application: `framed-echo demo | serve | send`.
@main
struct FramedEcho {
  static func main() async throws {
    let server = try FramedServer(
      at: .loopback(port: 7777), framer: LengthPrefixedFramer(),
      on: EventLoop(
        selector: CommandLine.arguments.count > 2 ? SelectorKind(rawValue: CommandLine.arguments[2]) : nil)
    ) { print($0) }
    print("listening on \(server.address) (\(server.loop.selectorKind.rawValue))")
    if CommandLine.arguments.count > 1, CommandLine.arguments[1] == "async" {
      try await server.run { connection in
        for try await message in connection.messages { try await connection.send(message) }
      }
    } else {
      try await server.run(onMessage: { message, connection in try connection.send(message) })
    }
  }
}
