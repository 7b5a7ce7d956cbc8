import Foundation
import Framing
import FramingTransport
import Testing

/// A kernel that fails where it is told to, and a loop on it.
private struct Bench {
  let kernel = FaultyKernel()
  let loop: EventLoop
  let style: Way.Style

  init(_ way: Way) throws {
    loop = try EventLoop(selector: way.selector, system: kernel)
    style = way.style
  }

  /// What the caller of an echo saw.
  struct Outcome {
    var replies: [[UInt8]] = []
    var error: (any Error)?
    /// Whether the server ended the connection before everything was answered.
    var endedEarly = false

    static let messages: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 4, count: 300)]

    var isPerfect: Bool { replies == Self.messages && error == nil && !endedEarly }
    var isHonest: Bool {
      Self.messages.starts(with: replies)
        && (replies.count == Self.messages.count || error != nil || endedEarly)
    }
  }

  /// Three messages, each sent when the one before is answered, from the server's start to its end.
  func echo() async -> Outcome {
    var outcome = Outcome()
    do {
      let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: loop)
      async let serving: Void = server.echo(style)
      do {
        let client = try await server.connect()
        do {
          for message in Outcome.messages {
            try await client.send(message)
            guard let reply = try await client.receive() else { break }
            outcome.replies.append(reply)
          }
          await client.finish()
          outcome.endedEarly = outcome.replies.count < Outcome.messages.count
          #expect(try await client.receive() == nil)
          try await client.close()
        } catch {
          outcome.error = error
          await client.reset()
        }
      } catch {
        outcome.error = error
      }
      server.shutdown()
      try await serving
    } catch {
      outcome.error = outcome.error ?? error
    }
    return outcome
  }

  /// One echo under `plan`, judged by what holds under any plan.
  func echo(_ name: String, isHarmless: Bool, _ plan: @escaping FaultyKernel.Plan) async {
    kernel.begin(plan)
    let outcome = await echo()
    #expect(outcome.isHonest, "\(name): \(outcome)")
    if isHarmless { #expect(outcome.isPerfect, "\(name): \(outcome)") }
    #expect(kernel.open.isEmpty, "\(name): left open")
    #expect(kernel.closedTwice.isEmpty, "\(name): closed twice")
  }
}

extension FaultyKernel.Call {
  /// The failures that this call can have, and that nobody but the connection may notice.
  fileprivate var harmlessFaults: [FaultyKernel.Fault] {
    switch self {
    case .accept: [.fails(EINTR), .fails(EAGAIN), .fails(EMFILE)]
    case .connect: [.goesOn(EINTR), .goesOn(EINPROGRESS)]
    case .receive, .send: [.fails(EINTR), .fails(EAGAIN), .short]
    case .shutdownWriting: [.fails(EINTR)]
    case .wait: [.fails(EINTR), .fails(ENOMEM)]
    case .bind, .listen, .setOption, .localAddress, .socket, .takeError, .watch, .makeSelector: []
    case .getOption, .prepare, .status, .unlink: []
    // Readiness with nothing behind it: the connection is not there yet.
    case .isConnected: [.fails(ENOTCONN)]
    }
  }

  /// The failures that this call can have, and that cost the connection or the server.
  fileprivate var harmfulFaults: [FaultyKernel.Fault] {
    switch self {
    case .socket: [.fails(EMFILE), .fails(ENOBUFS)]
    case .bind: [.fails(EADDRINUSE), .fails(EACCES)]
    case .listen: [.fails(EADDRINUSE)]
    case .accept: [.aborted, .fails(EPERM)]
    case .connect: [.fails(ECONNREFUSED), .fails(ENETUNREACH)]
    case .setOption: [.fails(EINVAL), .fails(ENOMEM)]
    case .takeError: [.fails(ECONNREFUSED), .fails(ETIMEDOUT)]
    case .localAddress: [.fails(ENOBUFS)]
    case .receive: [.dies(ECONNRESET), .dies(ETIMEDOUT), .fails(ENOMEM)]
    case .send: [.dies(EPIPE), .dies(ECONNRESET), .fails(ENOBUFS)]
    case .shutdownWriting: [.dies(ENOTCONN), .fails(ENOBUFS)]
    case .watch: [.fails(ENOSPC)]
    case .makeSelector, .wait, .isConnected: []
    case .status, .unlink: [.fails(EACCES)]
    case .getOption, .prepare: [.fails(EBADF)]
    }
  }
}

@Suite("When a system call fails", .timeLimit(.minutes(5)))
struct FaultTests {
  @Test("an undisturbed echo opens and closes each descriptor once", arguments: Way.all)
  func undisturbed(way: Way) async throws {
    let bench = try Bench(way)
    await bench.echo("undisturbed", isHarmless: true) { _, _ in nil }
    #expect(bench.kernel.counts[.accept, default: 0] >= 1)
  }

  @Test(
    "once, anywhere, replies are right or the caller hears of it, and no descriptor stays open",
    arguments: Way.all)
  func everySingleFault(way: Way) async throws {
    let bench = try Bench(way)
    await bench.echo("undisturbed", isHarmless: true) { _, _ in nil }
    let counts = bench.kernel.counts
    for call in FaultyKernel.Call.allCases {
      for index in 0..<counts[call, default: 0] {
        let faults =
          call.harmlessFaults.map { ($0, isHarmless: true) }
          + call.harmfulFaults.map { ($0, isHarmless: false) }
        for (fault, isHarmless) in faults {
          await bench.echo("\(call) number \(index): \(fault)", isHarmless: isHarmless) {
            $0 == call && $1 == index ? fault : nil
          }
        }
      }
    }
  }

  @Test("with EINTR, it is made again, as often as it takes", arguments: Way.all, [1, 2, 7])
  func interrupted(way: Way, times: Int) async throws {
    let repeated: Set<FaultyKernel.Call> = [
      .bind, .listen, .accept, .setOption, .localAddress, .receive, .send, .shutdownWriting,
    ]
    await (try Bench(way)).echo("interrupted", isHarmless: true) { call, index in
      if call == .connect { return .goesOn(EINTR) }
      return repeated.contains(call) && index % (times + 1) < times ? .fails(EINTR) : nil
    }
  }

  @Test("with EAGAIN after readiness, the next readiness is waited for", arguments: Way.all, [1, 2, 7])
  func unready(way: Way, times: Int) async throws {
    await (try Bench(way)).echo("unready", isHarmless: true) { call, index in
      [.accept, .receive, .send].contains(call) && index % (times + 1) < times ? .fails(EAGAIN) : nil
    }
  }

  @Test("no call needs to do more than one byte", arguments: Way.all)
  func short(way: Way) async throws {
    await (try Bench(way)).echo("short", isHarmless: true) { call, _ in
      [.receive, .send].contains(call) ? .short : nil
    }
  }

  @Test(
    "everything at once changes no byte",
    arguments: Way.all)
  func everything(way: Way) async throws {
    await (try Bench(way)).echo("everything", isHarmless: true) { call, index in
      guard [.receive, .send].contains(call) else { return nil }
      return [.fails(EINTR), .fails(EAGAIN), .short, nil][index % 4]
    }
  }

  @Test(
    "the descriptors being used up, the listener waits, without spinning, and serves everyone",
    arguments: Way.all)
  func exhausted(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    kernel.begin { call, index in call == .accept && index < 2 ? .fails(EMFILE) : nil }
    try await withEcho(way, on: loop) { server, failures in
      var clients: [FramedConnection] = []
      for _ in 0..<5 { clients.append(try await server.connect()) }
      for (number, client) in clients.enumerated() {
        try await client.send([UInt8(number)])
        #expect(try await client.receive() == [UInt8(number)])
      }
      for client in clients { try await client.close() }
      // Told once a second.
      #expect(failures.entries.map(\.description) == ["listener: accept: Too many open files (24)"])
    }
    // Two that failed, five that went well, for each turn one that found nobody, and one as the server stops.
    #expect(kernel.counts[.accept, default: 0] <= 13)
    #expect(kernel.open.isEmpty)
  }

  @Test(
    "the descriptors lacking for too long, those who wait are told, and others are served afterwards",
    arguments: Way.all)
  func starved(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    var limits = ServerLimits()
    limits.connection.handshakeTime = .milliseconds(30)
    let sheds = Log<Int>()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), limits: limits, on: loop
    ) { event in
      if case .shed(let count) = event { sheds.add(count) }
    }
    kernel.limit = kernel.open.count
    async let serving: Void = server.echo(way.style)
    // Clients of another kernel, so to speak: they do have descriptors.
    let outside = try EventLoop(selector: way.selector)
    var clients: [FramedConnection] = []
    for _ in 0..<5 {
      // One may be told while it connects.
      let client = try? await FramedConnection.connect(
        to: server.address, framer: LengthPrefixedFramer(), on: outside)
      if let client { clients.append(client) }
    }
    for client in clients {
      await #expect(throws: ConnectionError.self) { try await client.receive() }
      await client.reset()
    }
    while server.counters[.shed] < 5 { await Task.yield() }
    #expect(sheds.entries.reduce(0, +) == 5)
    #expect(server.counters[.acceptFailures] >= 2)
    #expect(server.counters[.messagesReceived] == 0)
    kernel.limit = .max
    // Again if the handshake takes longer than it may, which is not long here.
    while true {
      let reply = try? await FramedConnection.withConnection(
        to: server.address, framer: LengthPrefixedFramer(), on: outside
      ) { client in
        try await client.send([1])
        return try await client.receive()
      }
      if reply == [1] { break }
    }
    server.shutdown()
    try await serving
    #expect(kernel.open.isEmpty)
  }

  @Test("peers that give up while they wait cost nobody else", arguments: Way.all)
  func aborted(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    kernel.begin { call, index in call == .accept && index == 0 ? .aborted : nil }
    try await withEcho(way, on: loop) { server, failures in
      let given = try await server.connect()
      _ = await given.drain()
      await given.reset()
      let client = try await server.connect()
      try await client.send([1])
      #expect(try await client.receive() == [1])
      try await client.close()
      #expect(failures.entries.isEmpty)
    }
    #expect(kernel.open.isEmpty)
  }

  @Test("the error that a connection could not be made for is told", arguments: SelectorKind.available)
  func unwatchable(selector: SelectorKind) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: selector, system: kernel)
    kernel.begin { call, _ in call == .watch ? .fails(ENOSPC) : nil }
    let listening = try Socket.listening(at: .loopback(port: 0))
    let address = try listening.localAddress()
    let failure = await error { () async throws(ConnectionError) in
      _ = try await FramedConnection.connect(to: address, framer: LengthPrefixedFramer(), on: loop)
    }
    #expect(failure == .system(SystemError(call: "watch", code: ENOSPC)))
    #expect(kernel.open.isEmpty)
  }

  @Test("a server that cannot watch its socket says why, and closes it", arguments: Way.all)
  func unwatchableServer(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    kernel.begin { call, _ in call == .watch ? .fails(ENOSPC) : nil }
    let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: loop)
    await #expect(throws: SystemError(call: "watch", code: ENOSPC)) { try await server.echo(way.style) }
    #expect(kernel.open.isEmpty)
  }

  @Test(
    "a sender that cannot send resets the connection: its peer does not wait, nor take what it has for all",
    arguments: Way.all)
  func unableToSend(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    // The client's one send goes well, the server's fails, and the peer is alive all the time.
    kernel.begin { call, index in call == .send && index == 1 ? .fails(ENOBUFS) : nil }
    try await withEcho(way, on: loop) { server, failures in
      let client = try await server.connect()
      try await client.send([1])
      await #expect(throws: ConnectionError.system(SystemError(call: "recv", code: ECONNRESET))) {
        try await client.receive()
      }
      await client.reset()
      #expect(
        (await failures.next())?.error as? ConnectionError
          == .system(SystemError(call: "send", code: ENOBUFS)))
    }
    #expect(kernel.open.isEmpty)
  }
}
