import CSystemShims
import FramingTransport
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What sockets do at the edges of a connection's life, as each selector sees it: the facts that the transport is built
/// on. They are Linux's; a test that fails says that one of them does not hold here.
@Suite(
  "Readiness", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: SelectorKind.available.contains(.epoll), "states what Linux does"))
struct ReadinessTests {
  /// What `select`, which knows no hang-up, makes of `readiness`.
  private static func seen(_ readiness: Readiness, by kind: SelectorKind) -> Readiness {
    kind == .select ? readiness.subtracting(.hangUp) : readiness
  }

  /// A client whose server sent "last" and then a reset.
  private static func resetClient() throws -> Socket {
    let pair = try TCPPair()
    try pair.server.write("last")
    try pair.server.set(.resetOnClose)
    let client = pair.closeServer()
    Poll.waitForHangUp(client.descriptor)
    return client
  }

  @Test(
    "of a reset connection is everything: the last bytes, the error, the end",
    arguments: SelectorKind.available)
  func bytesBeforeReset(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let client = try Self.resetClient()
    try selector.add(client.descriptor, interest: [.readable, .writable], token: 7)
    #expect(try selector.now() == [7: Self.seen([.readable, .writable, .hangUp], by: kind)])
    #expect(try client.read() == "last")
    let error = #expect(throws: SystemError.self) { try client.read() }
    #expect(error?.code == ECONNRESET)
    #expect(try client.read() == "")
    #expect(try selector.now()[7]?.contains(.readable) == true)
  }

  // Why nobody asks for the error before everything is read.
  @Test("of a reset connection turns into a clean end once its error was asked for")
  func errorBeforeBytes() throws {
    let client = try Self.resetClient()
    #expect(client.takeError() == ECONNRESET)
    #expect(try client.read() == "last")
    #expect(try client.read() == "")
  }

  @Test(
    "of a half-closed connection stays, writing goes on, and the hang-up comes with the other half",
    arguments: SelectorKind.available)
  func halfClosed(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try TCPPair()
    let client = pair.client.descriptor
    try selector.add(client, interest: .readable, token: 7)
    try pair.server.shutdownWriting()
    #expect(try selector.wait() == [7: .readable])
    #expect(try pair.client.read() == "")
    #expect(try selector.now() == [7: .readable])
    // The way out: no interest in reading.
    try selector.change(client, interest: [], token: 7)
    #expect(try selector.now() == [:])
    try selector.change(client, interest: .writable, token: 7)
    #expect(try selector.now() == [7: .writable])
    try pair.client.write("on")
    Poll.wait(pair.server.descriptor, for: .readable)
    #expect(try pair.server.read() == "on")
    try selector.change(client, interest: [], token: 7)
    try pair.client.shutdownWriting()
    #expect(try selector.now() == (kind == .select ? [:] : [7: .hangUp]))
  }

  @Test(
    "of a refused connection is everything, and its error is told once", arguments: SelectorKind.available)
  func refused(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let bound = try TCPPort()
    let client = try Socket.connecting(to: bound.address, system: Kernel.real)
    try selector.add(client.descriptor, interest: [.readable, .writable], token: 7)
    #expect(try selector.wait() == [7: Self.seen([.readable, .writable, .hangUp], by: kind)])
    #expect(client.takeError() == ECONNREFUSED)
    #expect(client.takeError() == nil)
  }

  // Why a socket is watched only after `connect`.
  @Test("of a socket that has not begun to connect is a hang-up", arguments: SelectorKind.available)
  func unconnected(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let listener = try Socket.listening(at: .loopback(port: 0))
    let client = Socket(
      descriptor: CInt(Kernel.real.socket(family: .ipv4).word), system: Kernel.real)
    try selector.add(client.descriptor, interest: .writable, token: 7)
    #expect(try selector.now() == [7: Self.seen([.writable, .hangUp], by: kind)])
    _ = Kernel.real.connect(client.descriptor, to: try listener.localAddress())
    Poll.wait(listener.descriptor, for: .readable)
    #expect(try selector.wait() == [7: .writable])
  }

  @Test("of a listener stays while descriptors are used up, and nothing is lost")
  func exhausted() async {
    // In a process of its own, whose descriptors may be used up.
    await #expect(processExitsWith: .success) {
      for kind in SelectorKind.available {
        let selector = try Kernel.real.makeSelector(kind)
        let listener = try Socket.listening(at: .loopback(port: 0))
        let first = try Socket.connecting(to: listener.localAddress(), system: Kernel.real)
        let second = try Socket.connecting(to: listener.localAddress(), system: Kernel.real)
        try selector.add(listener.descriptor, interest: .readable, token: 1)
        for client in [first.descriptor, second.descriptor] { Poll.wait(client, for: .writable) }
        // By the limit, not by opening many: another thread may close some. No fewer than `poll` is to look at.
        let limit = Descriptors.limit
        #expect(Descriptors.setLimit(2))
        for _ in 0..<3 {
          #expect(try selector.now() == [1: .readable])
          let error = #expect(throws: SystemError.self) { _ = try listener.acceptOne() }
          #expect(error?.code == EMFILE)
        }
        // The way out: no interest for a while.
        try selector.change(listener.descriptor, interest: [], token: 1)
        #expect(try selector.now() == [:])
        #expect(Descriptors.setLimit(limit))
        try selector.change(listener.descriptor, interest: .readable, token: 1)
        for _ in 0..<2 {
          #expect(try selector.now() == [1: .readable])
          _ = try listener.acceptOne()
        }
        #expect(try selector.now() == [:])
      }
    }
  }

  // Why a descriptor is removed before it is closed.
  @Test(
    "ends when a descriptor is removed and closed, though a copy of it is open",
    .enabled(if: Descriptors.limit > 3100, "needs descriptors from 3000 up, which the hard limit forbids"),
    arguments: SelectorKind.available)
  func removedAndCopied(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try SocketPair()
    let copy = try Descriptors.copy(pair.near.descriptor, from: 3000)
    try selector.add(copy, interest: .readable, token: 1)
    try pair.far.write("a")
    #expect(try selector.now() == [1: .readable])
    selector.remove(copy)
    _ = csys_close(copy)
    #expect(try selector.now() == [:])
  }

  // Why events carry tokens.
  @Test(
    "of a descriptor that was closed unremoved goes on under its own token, beside the new owner's",
    .enabled(if: Descriptors.limit > 3100, "needs descriptors from 3000 up, which the hard limit forbids"))
  func phantom() throws {
    let selector = try Kernel.real.makeSelector(.epoll)
    let old = try SocketPair()
    let new = try SocketPair()
    let number = try Descriptors.copy(old.near.descriptor, from: 3000)
    defer { _ = csys_close(number) }
    try selector.add(number, interest: .readable, token: 1)
    try old.far.write("a")
    #expect(dup2(new.near.descriptor, number) == number)
    #expect(try selector.now() == [1: .readable])
    // ENOENT: the number is another socket's now.
    selector.remove(number)
    #expect(try selector.now() == [1: .readable])
    try selector.add(number, interest: .readable, token: 2)
    #expect(try selector.now() == [1: .readable])
    try new.far.write("b")
    #expect(try selector.now() == [1: .readable, 2: .readable])
  }

  // Why closing shuts down, drains, and closes then.
  @Test("tells of a reset when the peer closed with bytes unread", arguments: SelectorKind.available)
  func closedUnread(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try TCPPair()
    try pair.client.write("unread")
    Poll.wait(pair.server.descriptor, for: .readable)
    let client = pair.closeServer()
    try selector.add(client.descriptor, interest: .readable, token: 7)
    #expect(try selector.wait() == [7: Self.seen([.readable, .hangUp], by: kind)])
    let error = #expect(throws: SystemError.self) { try client.read() }
    #expect(error?.code == ECONNRESET)
  }

  @Test(
    "carries a reply of 1,500,000 bytes through a close that shuts down and drains",
    arguments: SelectorKind.available)
  func closedDrained(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try TCPPair()
    let (client, server) = (pair.client.descriptor, pair.server.descriptor)
    try pair.client.write("unread until the reply is sent")
    try selector.add(client, interest: .readable, token: 1)
    try selector.add(server, interest: .writable, token: 2)
    let reply = [UInt8](repeating: 1, count: 1_500_000)
    var (sent, received) = (0, 0)
    var (clientIsDone, serverIsDone) = (false, false)
    while !clientIsDone || !serverIsDone {
      let events = try selector.wait()
      if events[2]?.contains(.writable) == true && sent < reply.count {
        sent += try pair.server.write(reply.span.extracting(sent..<reply.count))
        if sent == reply.count {
          try pair.server.shutdownWriting()
          try selector.change(server, interest: .readable, token: 2)
        }
      } else if events[2] != nil, try pair.server.read() == "" {
        selector.remove(server)
        serverIsDone = true
      }
      if events[1] != nil, let text = try pair.client.read(1 << 16) {
        received += text.utf8.count
        if text.isEmpty {
          selector.remove(client)
          try pair.client.shutdownWriting()
          clientIsDone = true
        }
      }
    }
    #expect(received == reply.count)
  }

  // A test of a slow reader that sends less than this proves nothing.
  @Test(
    "to write ends at megabytes that nobody reads, and comes again with a reader",
    arguments: SelectorKind.available)
  func unreadMegabytes(kind: SelectorKind) throws {
    let selector = try Kernel.real.makeSelector(kind)
    let pair = try TCPPair()
    try selector.add(pair.client.descriptor, interest: .writable, token: 7)
    let bytes = [UInt8](repeating: 1, count: 1 << 20)
    var sent = 0
    // What was sent moves on to the receiver in the system's own time, and makes room again.
    while try selector.wait(20_000_000) != [:] { sent += try pair.client.write(bytes.span) }
    #expect((100_000...100_000_000).contains(sent), "\(sent) bytes are hidden in buffers")
    var received = 0
    while received < sent {
      Poll.wait(pair.server.descriptor, for: .readable)
      received += try pair.server.read(1 << 20)?.utf8.count ?? 0
    }
    #expect(received == sent)
    #expect(try selector.wait() == [7: .writable])
  }
}
