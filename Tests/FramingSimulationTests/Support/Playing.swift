import Framing
import FramingSimulation
import FramingTransport

/// Runs a server with a synchronous handler while `body` runs, on the network's loop, and shuts it down.
func withServer<Result: Sendable>(
  _ framer: some Framer = LengthPrefixedFramer(), limits: ServerLimits = ServerLimits(),
  proxies: TrustedAddresses? = nil,
  failures: Shared<[String]> = Shared([]),
  onMessage: @escaping FramedConnection.MessageHandler = { message, connection in try connection.send(message)
  },
  _ body: (FramedServer) async throws -> Result
) async throws -> Result {
  let server = try FramedServer(
    at: .loopback(port: 0), framer: framer, limits: limits, proxies: proxies,
    onEvent: { failures.note($0) })
  return try await serve(server, { try await server.run(onMessage: onMessage) }, while: body)
}

/// Runs a server with an asynchronous handler while `body` runs, on the network's loop, and shuts it down.
func withServer<Result: Sendable>(
  _ framer: some Framer = LengthPrefixedFramer(), limits: ServerLimits = ServerLimits(),
  failures: Shared<[String]> = Shared([]),
  handler: @escaping @Sendable (isolated FramedConnection) async throws -> Void,
  _ body: (FramedServer) async throws -> Result
) async throws -> Result {
  let server = try FramedServer(
    at: .loopback(port: 0), framer: framer, limits: limits,
    onEvent: { failures.note($0) })
  return try await serve(server, { try await server.run(handler) }, while: body)
}

/// Lets `server` run while `body` does, and shuts it down.
private func serve<Result: Sendable>(
  _ server: FramedServer, _ run: @escaping @Sendable () async throws -> Void,
  while body: (FramedServer) async throws -> Result
) async throws -> Result {
  async let serving: Void = run()
  let result: Result
  do { result = try await body(server) } catch {
    server.shutdown()
    try? await serving
    throw error
  }
  server.shutdown()
  try await serving
  return result
}

extension Shared<[String]> {
  /// Keeps what went wrong.
  func note(_ event: ServerEvent) {
    guard let error = event.error else { return }
    let text = "\(error)"
    change { $0.append(text) }
  }
}

extension SimulatedNetwork {
  /// A network without a whim, on which the calls of `plan` meet their faults.
  static func calm(
    _ plan: String = "", selector: SelectorKind = .epoll, isTraced: Bool = false
  ) -> SimulatedNetwork {
    guard let plan = FaultPlan(plan) else { preconditionFailure(FaultPlan.problem(in: plan) ?? "no plan") }
    return SimulatedNetwork(
      seed: 0, conditions: NetworkConditions(), plan: plan, selector: selector, isTraced: isTraced)
  }

  /// Lets time pass.
  func pass(_ time: Duration) async {
    await withCheckedContinuation { continuation in
      loop.execute { [loop] in _ = loop.schedule(after: time) { continuation.resume() } }
    }
  }
}

extension FramedConnection {
  /// A client of a server, on its loop.
  static func to(
    _ server: FramedServer, _ framer: some Framer = LengthPrefixedFramer(), limits: ConnectionLimits = .client
  ) async throws(ConnectionError) -> FramedConnection {
    try await connect(to: server.address, framer: framer, limits: limits, on: server.loop)
  }

  /// Messages up to the end, and the error that it ended with.
  func drain() async -> (messages: [[UInt8]], error: ConnectionError?) {
    var messages: [[UInt8]] = []
    do throws(ConnectionError) {
      while let message = try await receive() { messages.append(message) }
      return (messages, nil)
    } catch {
      return (messages, error)
    }
  }
}

/// Bytes as they are: each chunk that arrives is a message, and messages are written without a frame.
struct RawFramer: Framer {
  func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    bytes.isEmpty ? .needs(count: 1) : .frame(payload: 0..<bytes.count, wireLength: bytes.count)
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    wire.append(payload)
  }
}
