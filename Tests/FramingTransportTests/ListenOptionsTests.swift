import Foundation
import FramingTransport
import Testing

extension Socket {
  /// The value of an option of the socket layer. The C name is `getsockopt`.
  fileprivate func option(_ name: CInt, level: CInt = SOL_SOCKET) -> CInt {
    var value: CInt = -1
    var length = socklen_t(MemoryLayout<CInt>.size)
    return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : -1
  }

}

private func isPrompt(_ socket: borrowing Socket) -> Bool { socket.tcpOption(CInt(TCP_NODELAY)) != 0 }

private func sizes(of socket: borrowing Socket) -> [CInt] {
  [socket.option(SO_SNDBUF), socket.option(SO_RCVBUF)]
}

@Suite("Options of sockets", .timeLimit(.minutes(5)))
struct ListenOptionsTests {
  /// A connection to `listener`, and its two ends.
  private func ends<Result>(
    of listener: borrowing Socket, _ options: SocketOptions = SocketOptions(),
    _ body: (borrowing Socket, borrowing Socket) throws -> Result
  ) throws -> Result {
    let client = try Socket.connecting(to: listener.localAddress(), options: options, system: Kernel.real)
    Poll.wait(listener.descriptor, for: .readable)
    return try body(client, try listener.acceptOne())
  }

  @Test("hold nothing back by default, on either end")
  func noDelayByDefault() throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    try ends(of: listener) { client, server in
      let clientIsPrompt = isPrompt(client)
      #expect(clientIsPrompt)
      let serverIsPrompt = isPrompt(server)
      #expect(serverIsPrompt)
    }
  }

  @Test("let small messages be gathered where that is asked for")
  func delay() throws {
    var options = ListenOptions()
    options.accepted.noDelay = false
    let listener = try Socket.listening(at: .loopback(port: 0), options: options)
    try ends(of: listener, options.accepted) { client, server in
      let clientIsPrompt = isPrompt(client)
      #expect(!clientIsPrompt)
      let serverIsPrompt = isPrompt(server)
      #expect(!serverIsPrompt)
    }
  }

  @Test("bound the buffers of both ends", arguments: [false, true])
  func buffers(overUnix: Bool) throws {
    var options = ListenOptions()
    options.accepted.sendBuffer = 20_000
    options.accepted.receiveBuffer = 24_000
    let folder = try TemporaryFolder()
    let listener = try Socket.listening(
      at: overUnix ? .unix(path: folder.path("s")) : .loopback(port: 0), options: options)
    try ends(of: listener, options.accepted) { client, server in
      for pair in [sizes(of: client), sizes(of: server)] {
        #expect(pair == [20_000, 24_000] || pair == [40_000, 48_000])  // Linux doubles them.
      }
    }
  }

  #if os(Linux)
  @Test("are set once for all connections over TCP, which inherit them")
  func inherited() throws {
    let kernel = FaultyKernel()
    var options = ListenOptions()
    options.accepted.sendBuffer = 20_000
    let listener = try Socket.listening(at: .loopback(port: 0), options: options, system: kernel)
    let before = kernel.counts[.setOption]
    for _ in 0..<3 {
      try ends(of: listener) { _, server in
        let serverIsPrompt = isPrompt(server)
        #expect(serverIsPrompt)
      }
    }
    #expect(kernel.counts[.setOption] == before)
  }
  #endif

  @Test("leave what they cannot set to the error, and no descriptor open")
  func refusedOption() throws {
    let kernel = FaultyKernel()
    kernel.begin { call, _ in call == .setOption ? .fails(ENOBUFS) : nil }
    #expect(throws: SystemError.self) {
      _ = try Socket.listening(at: .loopback(port: 0), options: ListenOptions(), system: kernel).descriptor
    }
    #expect(kernel.open.isEmpty)
  }

  @Test("let no second socket listen at an address unless both agree to share it", arguments: [false, true])
  func reusePort(shared: Bool) throws {
    var options = ListenOptions()
    options.reusePort = shared
    let first = try Socket.listening(at: .loopback(port: 0), options: options)
    let address = try first.localAddress()
    if shared {
      _ = try Socket.listening(at: address, options: options).descriptor
    } else {
      #expect(throws: SystemError(call: "bind", code: EADDRINUSE, subject: "\(address)")) {
        _ = try Socket.listening(at: address, options: options).descriptor
      }
    }
    #expect(throws: SystemError(call: "bind", code: EADDRINUSE, subject: "\(address)")) {
      _ = try Socket.listening(at: address).descriptor
    }
  }

  #if os(Linux)
  /// Whether the connections that wait in the queue of a socket go to another one when it closes.
  private static let migrates =
    (try? String(contentsOfFile: "/proc/sys/net/ipv4/tcp_migrate_req", encoding: .utf8)) == "1\n"

  @Test("share a port at a price: when one socket closes, what waits in its queue is reset, or migrates")
  func reusePortPrice() throws {
    var options = ListenOptions()
    options.reusePort = true
    let second = try Socket.listening(at: .loopback(port: 0), options: options)
    let address = try second.localAddress()
    var clients: [SocketAddress: SharedSocket] = [:]
    do {
      let first = try Socket.listening(at: address, options: options)
      while clients.count < 100 {
        let client = try Socket.connecting(to: address, system: Kernel.real)
        Poll.wait(client.descriptor, for: .writable)
        clients[try client.localAddress()] = SharedSocket(client)
      }
      #expect(first.descriptor >= 0)  // Open until here.
    }
    var served: [SharedSocket] = []
    while let accepted = try second.accept() {
      #expect(clients.removeValue(forKey: accepted.peer) != nil)
      served.append(SharedSocket(accepted.socket))
    }
    #expect(Self.migrates ? clients.isEmpty : !clients.isEmpty)
    for client in clients.values {
      Poll.waitForHangUp(client.socket.descriptor)
      #expect(client.socket.takeError() == ECONNRESET)
    }
  }
  #endif

  @Test("hold as many connections as the backlog says, and at least one")
  func backlog() throws {
    var options = ListenOptions()
    options.backlog = 0
    let listener = try Socket.listening(at: .loopback(port: 0), options: options)
    try ends(of: listener) { client, server in
      try client.write("a")
      Poll.wait(server.descriptor, for: .readable)
      let text = try server.read()
      #expect(text == "a")
    }
  }

  // MARK: IPv6

  @Test(
    "have an IPv6 socket serve IPv6 only, or IPv4 too: as they say, whatever the system's default",
    .enabled(if: hasIPv6, "this system has no IPv6 loopback address"), arguments: [false, true])
  func dualStack(isDual: Bool) throws {
    var options = ListenOptions()
    options.dualStack = isDual
    let listener = try Socket.listening(at: .ipv6(0, port: 0), options: options)
    let v6Only = listener.option(CInt(IPV6_V6ONLY), level: CInt(IPPROTO_IPV6))
    #expect(v6Only == (isDual ? 0 : 1))
    let port = try listener.localAddress().port ?? 0

    let overIPv6 = try Socket.connecting(to: .ipv6(1, port: port), system: Kernel.real)
    Poll.wait(listener.descriptor, for: .readable)
    #expect(try listener.accept()?.peer == overIPv6.localAddress())

    let overIPv4 = try Socket.connecting(to: .loopback(port: port), system: Kernel.real)
    if isDual {
      Poll.wait(listener.descriptor, for: .readable)
    } else {
      Poll.wait(overIPv4.descriptor, for: .writable)
    }
    let peer = try listener.accept()?.peer
    guard isDual else {
      #expect(peer == nil)  // Refused; or the port is another's over IPv4, who is not this one.
      return
    }
    #expect(peer?.host == "::ffff:127.0.0.1")
    #expect(try peer?.port == overIPv4.localAddress().port)
    #expect(peer.map { try? TrustedAddresses("127.0.0.0/8").contains($0) } == true)
  }
}

private let hasIPv6 = (try? Socket.listening(at: .ipv6(1, port: 0)).descriptor) != nil
