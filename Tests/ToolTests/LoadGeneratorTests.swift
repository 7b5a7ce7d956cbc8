import Framing
import FramingTransport
import Testing

@testable import FramedEcho

@Suite("A load")
struct LoadGeneratorTests {
  /// Runs a plan against a server with this handler, and answers what came of it. `afterwards` is before the server stops.
  static func run(
    _ plan: LoadPlan, by generator: LoadGenerator? = nil, closeTime: Duration = .seconds(60),
    limits clientLimits: ConnectionLimits = .client, afterwards: () -> Void = {},
    against handler: @escaping @Sendable (isolated FramedConnection) async throws -> Void
  ) async throws -> (report: LoadReport, problem: String?, unclosed: Int) {
    // On a busy machine a test waits longer for its turn than a peer may for its first message.
    var limits = ServerLimits()
    limits.connection.handshakeTime = nil
    let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits)
    async let serving: Void = server.run(handler)
    var connections: [FramedConnection] = []
    for _ in 0..<plan.connections {
      connections.append(
        try await .connect(to: server.address, framer: LengthPrefixedFramer(), limits: clientLimits))
    }
    let generator = generator ?? LoadGenerator(plan, closeTime: closeTime)
    await generator.run(on: connections)
    afterwards()
    server.shutdown()
    try await serving
    return (generator.report(isFinal: true), generator.problem, generator.unclosed)
  }

  static func echo(_ connection: isolated FramedConnection) async throws {
    for try await message in connection.messages { try await connection.send(message) }
  }

  /// Echoes so many messages; fewer if no more come.
  static func echo(_ count: Int, on connection: isolated FramedConnection) async throws {
    for _ in 0..<count {
      guard let message = try await connection.receive() else { return }
      try await connection.send(message)
    }
  }

  @Test(
    "sends every message once, and finds each reply equal",
    arguments: [LoadPlan.Pace.depth(1), .depth(7), .rate(100_000)])
  func complete(pace: LoadPlan.Pace) async throws {
    let plan = LoadPlan(connections: 3, size: 100, pace: pace, end: .messages(100))
    let (report, problem, _) = try await Self.run(plan, against: Self.echo)
    #expect(report.isClean)
    #expect(report.replies == 100 && report.latencies.count == 100)
    #expect(problem == nil)
  }

  @Test("finds the one byte that is wrong")
  func damage() async throws {
    let plan = LoadPlan(connections: 1, size: 100, pace: .depth(4), end: .messages(10))
    let (report, problem, _) = try await Self.run(plan) { connection in
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
    let (report, _, _) = try await Self.run(plan) { connection in
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
    let (report, problem, _) = try await Self.run(plan) { try await Self.echo(3, on: $0) }
    #expect(report.missing > 0 && report.replies <= 3)
    #expect(problem?.contains("is missing") == true)
  }

  @Test("lasts as long as its messages are due, however early the last reply is")
  func time() async throws {
    let plan = LoadPlan(connections: 2, size: 16, pace: .rate(20), end: .messages(2))
    let (report, _, _) = try await Self.run(plan, against: Self.echo)
    #expect(report.isClean && report.replies == 2 && report.seconds >= 0.1)
  }

  @Test("counts a reply that is missing as one that took until the end")
  func stall() async throws {
    let plan = LoadPlan(connections: 1, size: 16, pace: .depth(4), end: .messages(10))
    let (report, _, _) = try await Self.run(plan) { connection in
      try await Self.echo(3, on: connection)
      _ = try await connection.receive()
    }
    #expect(report.missing > 0 && report.latencies.count == report.replies + report.missing)
  }

  @Test("says how long it has waited for a reply")
  func silence() async throws {
    let plan = LoadPlan(connections: 1, size: 16, pace: .depth(1), end: .messages(10))
    // As the command has it, but for the patience of a test.
    var limits = ConnectionLimits.client
    limits.idleTime = .milliseconds(1)
    let (report, problem, _) = try await Self.run(plan, limits: limits) { connection in
      while try await connection.receive() != nil {}
    }
    #expect(report.replies == 0 && report.missing == 1)
    #expect(problem == "reply 1 of connection 1 is missing: no reply came within 10 s")
  }

  @Test("ends when it is stopped, and then nothing is missing")
  func stop() async throws {
    // It would take an hour.
    let plan = LoadPlan(connections: 1, size: 16, pace: .rate(100), end: .messages(360_000))
    let generator = LoadGenerator(plan, closeTime: .seconds(60))
    let (report, problem, _) = try await Self.run(plan, by: generator) { connection in
      var count = 0
      for try await message in connection.messages {
        try await connection.send(message)
        count += 1
        if count == 3 { generator.stop() }
      }
    }
    #expect(report.isClean && report.replies >= 3 && report.seconds < 3600)
    #expect(problem == nil)
  }

  @Test(
    "finds a reply that nobody asked for",
    arguments: [LoadPlan.Pace.depth(1), .depth(4), .rate(100_000)])
  func surplus(pace: LoadPlan.Pace) async throws {
    let plan = LoadPlan(connections: 1, size: 16, pace: pace, end: .messages(10))
    let (report, problem, _) = try await Self.run(plan) { connection in
      try await Self.echo(connection)
      try await connection.send("hi".utf8)
    }
    #expect(report.surplus == 1 && report.different == 0 && report.missing == 0 && !report.isClean)
    #expect(problem == "after the last reply of connection 1 came more: 2 bytes \"hi\"")
  }

  @Test(
    "finds bytes behind the last reply that are none, whether the server closes or not",
    arguments: [true, false])
  func surplusBytes(isClosing: Bool) async throws {
    let plan = LoadPlan(connections: 1, size: 16, pace: .depth(1), end: .messages(10))
    let (end, holder) = AsyncStream.makeStream(of: Void.self)
    let (report, problem, unclosed) = try await Self.run(
      plan, closeTime: isClosing ? .seconds(60) : .milliseconds(1), afterwards: { holder.finish() }
    ) { connection in
      try await Self.echo(9, on: connection)
      // One write: where the last reply is, the byte is, too.
      guard let message = try await connection.receive() else { return }
      connection.changeFraming(to: FixedLengthFramer(size: 21))
      try await connection.send([0, 0, 0, 16] + message + [0])
      if !isClosing { for await _ in end {} }
    }
    #expect(report.surplus == 1 && !report.isClean && unclosed == (isClosing ? 0 : 1))
    #expect(problem?.hasPrefix("after the last reply of connection 1 came more: ") == true)
  }

  @Test("does not wait for ever for a server that does not close, and says so")
  func unclosed() async throws {
    let plan = LoadPlan(connections: 2, size: 16, pace: .depth(1), end: .messages(10))
    let (end, holder) = AsyncStream.makeStream(of: Void.self)
    let (report, problem, unclosed) = try await Self.run(
      plan, closeTime: .milliseconds(1), afterwards: { holder.finish() }
    ) { connection in
      try await Self.echo(connection)
      for await _ in end {}
    }
    #expect(report.isClean && problem == nil && unclosed == 2)
  }
}
