import Framing
import FramingTransport
import Testing

@testable import FramedEcho

@Suite("A load")
struct LoadGeneratorTests {
  /// Runs a plan against a server with this handler, and answers what came of it.
  static func run(
    _ plan: LoadPlan, against handler: @escaping @Sendable (isolated FramedConnection) async throws -> Void
  ) async throws -> (report: LoadReport, problem: String?) {
    // On a busy machine a test waits longer for its turn than a peer may for its first message.
    var limits = ServerLimits()
    limits.connection.handshakeTime = nil
    let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits)
    async let serving: Void = server.run(handler)
    var connections: [FramedConnection] = []
    for _ in 0..<plan.connections {
      connections.append(try await .connect(to: server.address, framer: LengthPrefixedFramer()))
    }
    let generator = LoadGenerator(plan)
    await generator.run(on: connections)
    server.shutdown()
    try await serving
    return (generator.report(isFinal: true), generator.problem)
  }

  static func echo(_ connection: isolated FramedConnection) async throws {
    for try await message in connection.messages { try await connection.send(message) }
  }

  @Test(
    "sends every message once, and finds each reply equal",
    arguments: [LoadPlan.Pace.depth(1), .depth(7), .rate(100_000)])
  func complete(pace: LoadPlan.Pace) async throws {
    let plan = LoadPlan(connections: 3, size: 100, pace: pace, end: .messages(100))
    let (report, problem) = try await Self.run(plan, against: Self.echo)
    #expect(report.isClean)
    #expect(report.latencies.count == 100)
    #expect(problem == nil)
  }

  @Test("finds the one byte that is wrong")
  func damage() async throws {
    let plan = LoadPlan(connections: 1, size: 100, pace: .depth(4), end: .messages(10))
    let (report, problem) = try await Self.run(plan) { connection in
      var count = 0
      for try await var message in connection.messages {
        count += 1
        if count == 7 { message[99] ^= 1 }
        try await connection.send(message)
      }
    }
    #expect(report.different == 1 && report.missing == 0)
    #expect(problem?.hasPrefix("reply 7 of connection 1 differs from byte 99 on") == true)
  }

  @Test("finds two replies that were exchanged")
  func exchange() async throws {
    let plan = LoadPlan(connections: 1, size: 16, pace: .depth(2), end: .messages(10))
    let (report, _) = try await Self.run(plan) { connection in
      while let first = try await connection.receive(), let second = try await connection.receive() {
        try await connection.send(second)
        try await connection.send(first)
      }
    }
    #expect(report.different == 10 && report.missing == 0)
  }

  @Test(
    "counts what a server that closes early leaves unanswered",
    arguments: [LoadPlan.Pace.depth(1), .depth(4), .rate(100_000)])
  func missing(pace: LoadPlan.Pace) async throws {
    let plan = LoadPlan(connections: 1, size: 16, pace: pace, end: .messages(10))
    let (report, problem) = try await Self.run(plan) { connection in
      for _ in 0..<3 {
        guard let message = try await connection.receive() else { return }
        try await connection.send(message)
      }
    }
    #expect(report.missing > 0 && report.latencies.count <= 3)
    #expect(problem?.contains("is missing") == true)
  }
}
