import Foundation
import Framing
import FramingTransport
import Testing

/// A loop over a kernel that fails where it is told to, and clients on it.
private struct Clients {
  let kernel = FaultyKernel()
  let loop: EventLoop
  var limits = ConnectionLimits.client
  var options = ConnectOptions()

  init(_ selector: SelectorKind? = nil) throws {
    loop = try EventLoop(selector: selector, system: kernel)
    options.attemptDelay = .milliseconds(10)
  }

  func connect(to address: SocketAddress) async throws(ConnectionError) -> FramedConnection {
    try await FramedConnection.connect(
      to: address, framer: LengthPrefixedFramer(), limits: limits, options: options, on: loop)
  }

  func connect(to host: String, port: UInt16 = 1) async throws(ConnectionError) -> FramedConnection {
    try await FramedConnection.connect(
      to: host, port: port, framer: LengthPrefixedFramer(), limits: limits, options: options, on: loop)
  }

  /// Why there is no connection; everything that was opened must be closed again.
  func failure(_ connect: () async throws(ConnectionError) -> FramedConnection) async -> ConnectionError? {
    let failure = await error { () async throws(ConnectionError) in _ = try await connect() }
    #expect(kernel.open.isEmpty)
    #expect(kernel.closedTwice.isEmpty)
    return failure
  }
}

@Suite("Connecting", .timeLimit(.minutes(5)))
struct ConnectTests {
  // MARK: To an address

  @Test("to a port at which nobody listens is refused", arguments: SelectorKind.available)
  func refused(selector: SelectorKind) async throws {
    let port = try TCPPort()
    let address = port.address
    let clients = try Clients(selector)
    let failure = await clients.failure { () async throws(ConnectionError) in
      try await clients.connect(to: address)
    }
    #expect(failure == .system(SystemError(call: "connect", code: ECONNREFUSED, subject: "\(address)")))
  }

  @Test(
    "fails with the error of the system, whether it comes at once or later",
    arguments: [ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET, EADDRNOTAVAIL, EACCES],
    [false, true])
  func everyError(code: CInt, later: Bool) async throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    let address = try listener.localAddress()
    let clients = try Clients()
    clients.kernel.begin { call, _ in call == (later ? .takeError : .connect) ? .fails(code) : nil }
    let failure = await clients.failure { () async throws(ConnectionError) in
      try await clients.connect(to: address)
    }
    #expect(failure == .system(SystemError(call: "connect", code: code, subject: "\(address)")))
  }

  @Test("is not over when the socket is ready for no reason", arguments: SelectorKind.available)
  func spurious(selector: SelectorKind) async throws {
    let clients = try Clients(selector)
    clients.kernel.begin { call, index in call == .isConnected && index < 3 ? .fails(ENOTCONN) : nil }
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: clients.loop)
    async let serving: Void = server.echo(.sync)
    let client = try await clients.connect(to: server.address)
    try await client.send([1])
    #expect(try await client.receive() == [1])
    try await client.close()
    server.shutdown()
    try await serving
    #expect(clients.kernel.counts[.isConnected] == 4)
    #expect(clients.kernel.open.isEmpty)
  }

  @Test("by `withConnection` closes what it has made, also when its body throws", arguments: [false, true])
  func scoped(throwing: Bool) async throws {
    struct Wrong: Error {}
    let clients = try Clients()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: clients.loop)
    async let serving: Void = server.echo(.async)
    clients.kernel.hosts = ["server.test": [server.address]]
    let (address, loop) = (server.address, clients.loop)
    for byName in [false, true] {
      let body: @Sendable (isolated FramedConnection) async throws -> [UInt8]? = { connection in
        try await connection.send([1])
        let reply = try await connection.receive()
        if throwing { throw Wrong() }
        return reply
      }
      let connect = { () async throws -> [UInt8]? in
        if byName {
          return try await FramedConnection.withConnection(
            to: "server.test", port: 1, framer: LengthPrefixedFramer(), on: loop, body)
        }
        return try await FramedConnection.withConnection(
          to: address, framer: LengthPrefixedFramer(), on: loop, body)
      }
      if throwing {
        await #expect(throws: Wrong.self) { try await connect() }
      } else {
        #expect(try await connect() == [1])
      }
    }
    server.shutdown()
    try await serving
    // After a throw the connection closes by itself, with its peer, which has gone now.
    while !clients.kernel.open.isEmpty { await Task.yield() }
  }

  // MARK: When there is no answer

  #if os(Linux)
  @Test("waits for room in the queue of a Unix socket, as TCP does by itself")
  func fullUnixQueue() async throws {
    let folder = try TemporaryFolder()
    let address = SocketAddress.unix(path: folder.path("s"))
    var options = ListenOptions()
    options.backlog = 0
    let clients = try Clients()
    let server = try FramedServer(
      at: address, framer: LengthPrefixedFramer(), on: clients.loop, options: options)
    let filler = try Socket.connecting(to: address, system: Kernel.real)
    let waiting = Task { () async throws(ConnectionError) in try await clients.connect(to: address) }
    while clients.kernel.counts[.connect, default: 0] == 0 { await Task.yield() }
    async let serving: Void = server.echo(.sync)
    let client = try await waiting.value
    try await client.send([1])
    #expect(try await client.receive() == [1])
    try await client.close()
    #expect(filler.descriptor >= 0)
    server.shutdown()
    try await serving
  }

  @Test("to a host that does not answer ends when the time is over", arguments: SelectorKind.available)
  func silent(selector: SelectorKind) async throws {
    let host = try SilentHost()
    let address = host.address
    var clients = try Clients(selector)
    clients.limits.connectTime = .milliseconds(20)
    let (start, ready) = (clients.loop.clock.now, clients)
    let failure = await clients.failure { () async throws(ConnectionError) in
      try await ready.connect(to: address)
    }
    #expect(failure == .timedOut(.connect))
    #expect(failure?.description == "the connection was not made in time")
    #expect(start.duration(to: clients.loop.clock.now) >= .milliseconds(20))
  }

  @Test("is given up when its task is cancelled, at whatever moment", arguments: SelectorKind.available)
  func cancelled(selector: SelectorKind) async throws {
    let host = try SilentHost()
    let address = host.address
    let clients = try Clients(selector)
    for turns in 0..<20 {
      let task = Task {
        await error { () async throws(ConnectionError) in _ = try await clients.connect(to: address) }
      }
      for _ in 0..<turns { await Task.yield() }
      task.cancel()
      #expect(await task.value == .cancelled)
      #expect(clients.kernel.open.isEmpty)
    }
    #expect(clients.kernel.closedTwice.isEmpty)
  }

  @Test("that is cancelled while it succeeds either succeeds or leaves nothing open")
  func cancelledWhileConnected() async throws {
    let clients = try Clients()
    let server = try FramedServer(
      at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: clients.loop)
    async let serving: Void = server.echo(.sync)
    for turns in 0..<50 {
      let task = Task { () async throws in try await clients.connect(to: server.address) }
      for _ in 0..<turns { await Task.yield() }
      task.cancel()
      do {
        await (try task.value).reset()
      } catch {
        #expect(error as? ConnectionError == .cancelled)
      }
    }
    server.shutdown()
    try await serving
    #expect(clients.kernel.open.isEmpty)
    #expect(clients.kernel.closedTwice.isEmpty)
  }

  // MARK: To a host of several addresses

  /// What is found at an address.
  enum Nature: CaseIterable {
    case serves, refuses, stalls
  }

  static let courses: [[Nature]] = Nature.allCases.flatMap { first in
    [[first]]
      + Nature.allCases.flatMap { second in
        [[first, second]] + Nature.allCases.map { [first, second, $0] }
      }
  }

  /// Linux answers at all addresses from 127.0.0.1 on: several hosts with one port.
  @Test("finds the address that answers, or tells of each why not, and closes all others", arguments: courses)
  func course(natures: [Nature]) async throws {
    var clients = try Clients()
    let hasServer = natures.contains(.serves)
    if !hasServer { clients.limits.connectTime = .milliseconds(60) }
    // A port that is free at all of these addresses.
    let first = try Socket.listening(at: .ipv4(0x7F00_0064, port: 0))
    let port = try first.localAddress().port ?? 0
    let addresses = natures.indices.map { SocketAddress.ipv4(0x7F00_0065 + UInt32($0), port: port) }
    clients.kernel.hosts = ["several.test": addresses]

    var servers: [FramedServer] = []
    var silent: [SharedSilentHost] = []
    for (address, nature) in zip(addresses, natures) {
      switch nature {
      case .serves:
        servers.append(try FramedServer(at: address, framer: LengthPrefixedFramer(), on: EventLoop()))
      case .stalls: silent.append(SharedSilentHost(try SilentHost(at: address)))
      case .refuses: break
      }
    }
    let (ready, running) = (clients, servers)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for server in running { group.addTask { try await server.echo(.sync) } }
      if hasServer {
        let client = try await ready.connect(to: "several.test", port: port)
        // Loopback answers at once: the first that serves has won, unless the machine was slower than the delay.
        #expect(zip(addresses, natures).contains { $0 == client.peer && $1 == .serves })
        #expect(ready.kernel.open.count == 1, "the losers are closed when the winner is told")
        try await client.send([1])
        #expect(try await client.receive() == [1])
        try await client.close()
      } else {
        let failure = await ready.failure { () async throws(ConnectionError) in
          try await ready.connect(to: "several.test", port: port)
        }
        expect(failure, natures, addresses)
      }
      for server in running { server.shutdown() }
      try await group.waitForAll()
    }
    #expect(clients.kernel.open.isEmpty)
    #expect(clients.kernel.closedTwice.isEmpty)
    withExtendedLifetime(silent) {}
  }

  private func expect(_ failure: ConnectionError?, _ natures: [Nature], _ addresses: [SocketAddress]) {
    func refusal(_ address: SocketAddress) -> SystemError {
      SystemError(call: "connect", code: ECONNREFUSED, subject: "\(address)")
    }
    if natures.count == 1 {
      #expect(failure == (natures[0] == .stalls ? .timedOut(.connect) : .system(refusal(addresses[0]))))
      return
    }
    guard case .unreachable(let attempts)? = failure else {
      Issue.record("\(failure.map { "\($0)" } ?? "connected")")
      return
    }
    #expect(attempts.map(\.address) == addresses)
    for (attempt, nature) in zip(attempts, natures) {
      // On a slow machine the time may be over before the last one was asked.
      let expected: [ConnectAttempt.Outcome] =
        nature == .stalls
        ? [.noAnswer, .notTried] : [.failed(refusal(attempt.address)), .noAnswer, .notTried]
      #expect(expected.contains(attempt.outcome))
    }
    #expect(failure?.description.contains(attempts.map(\.description).joined(separator: "; ")) == true)
  }

  private final class SharedSilentHost {
    let host: SilentHost
    init(_ host: consuming SilentHost) { self.host = host }
  }

  @Test("is cancelled with all attempts that have begun")
  func cancelledSeveral() async throws {
    let host = try SilentHost(at: .ipv4(0x7F00_0065, port: 0))
    let port = host.address.port ?? 0
    let second = try SilentHost(at: .ipv4(0x7F00_0066, port: port))
    let clients = try Clients()
    clients.kernel.hosts = ["silent": [host.address, second.address]]
    let task = Task {
      await error { () async throws(ConnectionError) in _ = try await clients.connect(to: "silent") }
    }
    while clients.kernel.counts[.connect, default: 0] < 2 { await Task.yield() }
    task.cancel()
    #expect(await task.value == .cancelled)
    #expect(clients.kernel.open.isEmpty)
    #expect(clients.kernel.closedTwice.isEmpty)
  }
  #endif

  @Test("lists every address and its error, in one line")
  func list() async throws {
    let clients = try Clients()
    clients.kernel.hosts = ["two.test": [.ipv6(1, port: 9), .loopback(port: 9)]]
    clients.kernel.begin { call, index in
      call == .connect ? .fails(index == 0 ? ENETUNREACH : ECONNREFUSED) : nil
    }
    let failure = await clients.failure { () async throws(ConnectionError) in
      try await clients.connect(to: "two.test")
    }
    #if os(Linux)
    #expect(
      failure?.description
        == "none of 2 addresses could be connected to: connect [::1]:9: Network is unreachable (101); "
        + "connect 127.0.0.1:9: Connection refused (111)")
    #endif
    guard case .unreachable(let attempts)? = failure else {
      Issue.record("\(failure.map { "\($0)" } ?? "connected")")
      return
    }
    #expect(attempts.map(\.address) == [.ipv6(1, port: 9), .loopback(port: 9)])
  }

  @Test("goes on with the next address when the loop cannot watch the first")
  func unwatchableFirst() async throws {
    let clients = try Clients()
    let other = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: EventLoop())
    async let serving: Void = other.echo(.sync)
    clients.kernel.hosts = ["two.test": [.ipv4(0x7F00_0065, port: 9), other.address]]
    clients.kernel.begin { call, index in call == .watch && index == 0 ? .fails(ENOSPC) : nil }
    let client = try await clients.connect(to: "two.test")
    #expect(client.peer == other.address)
    await client.reset()
    #expect(clients.kernel.open.isEmpty)
    other.shutdown()
    try await serving
  }

  // MARK: To a host that nobody knows

  @Test("to a host without addresses says which, and why")
  func unknownHost() async throws {
    let clients = try Clients()
    let failure = await clients.failure { () async throws(ConnectionError) in
      try await clients.connect(to: "nowhere.test")
    }
    #expect(failure?.description == "unknown host \"nowhere.test\": it is not in the table")
  }

  @Test(
    "waits for the addresses of a host no longer than the time, or than its task wants",
    arguments: [false, true])
  func silentResolver(cancelling: Bool) async throws {
    var clients = try Clients()
    if !cancelling { clients.limits.connectTime = .milliseconds(20) }
    let ready = clients
    let task = Task {
      await error { () async throws(ConnectionError) in
        _ = try await ready.connect(to: FaultyKernel.silentName)
      }
    }
    if cancelling {
      while clients.kernel.unanswered.isEmpty { await Task.yield() }
      task.cancel()
    }
    #expect(await task.value == (cancelling ? .cancelled : .timedOut(.connect)))
    #expect(clients.kernel.unanswered.isEmpty, "who waits no longer is forgotten")
    #expect(clients.kernel.counts[.socket] == nil)
  }

  @Test("asks nobody for the address of a number", arguments: ["127.0.0.1", "::1"])
  func literal(host: String) async throws {
    guard let address = SocketAddress(host: host, port: 0) else { return }
    let clients = try Clients()
    guard let server = try? FramedServer(at: address, framer: LengthPrefixedFramer(), on: EventLoop()) else {
      return  // No IPv6 on this system.
    }
    async let serving: Void = server.echo(.sync)
    let client = try await clients.connect(to: host, port: server.address.port ?? 0)
    #expect(client.peer == server.address)
    await client.reset()
    server.shutdown()
    try await serving
  }
}
