import Framing
import FramingTransport

typealias Failures = Log<ServerEvent>

/// Runs an echo server while `body` runs, and waits until it has stopped. Clients are best on the server's loop: what
/// happens on one thread happens in an order.
func withEcho<Result>(
  _ way: Way, framer: some Framer = LengthPrefixedFramer(), limits: ServerLimits = ServerLimits(),
  on loop: EventLoop? = nil,
  _ body: (FramedServer, Failures) async throws -> Result
) async throws -> Result {
  let failures = Failures()
  let server = try FramedServer(
    at: .loopback(port: 0), framer: framer, limits: limits, on: loop ?? EventLoop(selector: way.selector),
    onEvent: { failures.note($0) })
  async let serving: Void = server.echo(way.style)
  let result = try await body(server, failures)
  server.shutdown()
  try await serving
  return result
}

/// Runs a server with a handler of its own for each connection while `body` runs.
func withServer<Result>(
  _ selector: SelectorKind, framer: some Framer = LengthPrefixedFramer(), on loop: EventLoop? = nil,
  handler: @escaping @Sendable (isolated FramedConnection) async throws -> Void,
  _ body: (FramedServer, Failures) async throws -> Result
) async throws -> Result {
  let failures = Failures()
  let server = try FramedServer(
    at: .loopback(port: 0), framer: framer, on: loop ?? EventLoop(selector: selector),
    onEvent: { failures.note($0) })
  async let serving: Void = server.run(handler)
  let result = try await body(server, failures)
  server.shutdown()
  try await serving
  return result
}

/// A server that is told to stop as soon as it runs: before its loop has looked for connections for the first time.
func serverStoppedWhenReady(_ way: Way) throws -> FramedServer {
  let stop = Shared<(@Sendable () -> Void)?>(nil)
  let server = try FramedServer(
    at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector)
  ) { event in
    // Once: the action holds the server, which holds this.
    if case .entered(.ready, _) = event { stop.change { $0.take() }?() }
  }
  stop.set { server.shutdown() }
  return server
}

extension FramedServer {
  func echo(_ style: Way.Style) async throws {
    switch style {
    case .sync:
      try await run(onMessage: { message, connection in try connection.send(message) })
    case .async:
      try await run { connection in
        for try await message in connection.messages { try await connection.send(message) }
      }
    }
  }

  /// A connection to this server, on its loop.
  func connect(_ framer: some Framer = LengthPrefixedFramer()) async throws(ConnectionError)
    -> FramedConnection
  {
    try await FramedConnection.connect(to: address, framer: framer, on: loop)
  }
}

extension FramedConnection {
  /// Returns once the loop has had a turn: what ran before on it waits now, or is over.
  func turn() async {}

  /// Sends without waiting, as a synchronous handler does.
  func queue(_ message: [UInt8]) throws(ConnectionError) { try send(message.span) }

  /// All messages up to the end, put together, and the error that it ended with.
  func drain() async -> (bytes: [UInt8], error: ConnectionError?) {
    var bytes: [UInt8] = []
    do throws(ConnectionError) {
      while let message = try await receive() { bytes += message }
      return (bytes, nil)
    } catch {
      return (bytes, error)
    }
  }

  /// All messages up to the end.
  func collect() async throws(ConnectionError) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    while let message = try await receive() { messages.append(message) }
    return messages
  }
}

/// The error that `body` throws; `nil` if it returns.
func error<Failure: Error>(of body: () async throws(Failure) -> Void) async -> Failure? {
  do throws(Failure) {
    try await body()
    return nil
  } catch {
    return error
  }
}
