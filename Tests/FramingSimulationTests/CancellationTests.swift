import Foundation
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("Stopping at any moment, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct CancellationTests {
  /// How many steps there are, at the most: the last moments are behind the end.
  static let steps = 120

  @Test(
    "a task that is cancelled ends, and its connection is closed or can be used", arguments: [false, true])
  func cancellation(isAsync: Bool) throws {
    for moment in 0..<Self.steps {
      let network = SimulatedNetwork.calm()
      let tasks = Shared<[Task<Void, any Error>]>([])
      let outcome = try network.run(
        before: { step in if step == moment { tasks.value.first?.cancel() } },
        {
          try await Self.withEcho(isAsync) { server in
            let client = try await FramedConnection.to(server)
            let task = Task(executorPreference: network.loop) {
              for number in 0..<3 as Range<UInt8> {
                try await client.send([number])
                _ = try await client.receive()
              }
            }
            tasks.change { $0.append(task) }
            try? await task.value
            // Whatever has become of the task, the connection is as it was.
            while let reply = try await Self.next(client, 9) { if reply == [9] { break } }
            try await client.close()
            return "usable"
          }
        })
      #expect(outcome == "usable", "cancelled before step \(moment)")
    }
  }

  private static func next(_ client: FramedConnection, _ number: UInt8) async throws -> [UInt8]? {
    try await client.send([number])
    return try await client.receive()
  }

  @Test(
    "a server that another thread shuts down lets replies go out, and leaves nothing open",
    arguments: [false, true])
  func shutdown(isAsync: Bool) throws {
    for moment in 0..<Self.steps {
      let network = SimulatedNetwork.calm()
      let servers = Shared<[FramedServer]>([])
      try network.run(
        before: { step in
          guard step == moment, let server = servers.value.first else { return }
          Self.onAnotherThread { server.shutdown() }
        },
        {
          try await Self.withEcho(isAsync) { server in
            servers.change { $0.append(server) }
            do {
              try await FramedConnection.withConnection(to: server.address, framer: LengthPrefixedFramer()) {
                client in
                for number in 0..<3 as Range<UInt8> {
                  try await client.send([number])
                  guard let reply = try await client.receive() else { return }
                  #expect(reply == [number])
                }
              }
            } catch is ConnectionError {
              // Refused, or reset while it waited to be accepted.
            }
          }
        })
      #expect(network.time < .seconds(15), "shut down before step \(moment)")
    }
  }

  /// Returns when `body`, on a thread of its own, has.
  private static func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
    let isDone = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      body()
      isDone.signal()
    }
    isDone.wait()
  }

  private static func withEcho<Result: Sendable>(
    _ isAsync: Bool, _ body: (FramedServer) async throws -> Result
  ) async throws -> Result {
    if !isAsync { return try await withServer(LengthPrefixedFramer(), body) }
    return try await withServer(
      LengthPrefixedFramer(),
      handler: { connection in
        for try await message in connection.messages { try await connection.send(message) }
      }, body)
  }
}
