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

@Suite("A socket", .timeLimit(.minutes(5)))
struct SocketTests {
  @Test("tells bytes, none yet and the end")
  func readOutcomes() throws {
    let pair = try SocketPair()
    var bytes = [UInt8](repeating: 0, count: 4)
    func outcome() throws -> Socket.ReadOutcome {
      var span = bytes.mutableSpan
      return try span.withUnsafeMutableBytes { buffer throws(SystemError) in try pair.near.read(into: buffer)
      }
    }
    #expect(try outcome() == .wouldBlock)
    try pair.far.write("abcdef")
    #expect(try outcome() == .bytes(4))
    #expect(try outcome() == .bytes(2))
    #expect(bytes == Array("efcd".utf8))
    #expect(try outcome() == .wouldBlock)
    try pair.far.write("g")
    try pair.far.shutdownWriting()
    #expect(try outcome() == .bytes(1))
    #expect(try outcome() == .ended)
    #expect(try outcome() == .ended)
  }

  @Test("goes on reading after it has ended its own side")
  func halfClose() throws {
    let pair = try TCPPair()
    try pair.client.write("question")
    try pair.client.shutdownWriting()
    Poll.wait(pair.server.descriptor, for: .readable)
    #expect(try pair.server.read() == "question")
    Poll.wait(pair.server.descriptor, for: .readable)
    #expect(try pair.server.read() == "")
    try pair.server.write("answer")
    Poll.wait(pair.client.descriptor, for: .readable)
    #expect(try pair.client.read() == "answer")
  }

  @Test("writes what fits, and then nothing, without waiting")
  func writesWhatFits() throws {
    let pair = try SocketPair()
    let bytes = [UInt8](repeating: 1, count: 1 << 20)
    var total = 0
    while true {
      let count = try pair.near.write(bytes.span)
      if count == 0 { break }
      total += count
    }
    #expect(total > 0)
    #expect(try pair.near.write(bytes.span) == 0)
    var received = 0
    while let text = try pair.far.read(1 << 16) { received += text.utf8.count }
    #expect(received == total)
  }

  @Test(
    "answers an error, and raises no SIGPIPE, when it writes to a peer that closed", arguments: [false, true])
  func writeToClosedPeer(overTCP: Bool) throws {
    // At its default action the signal would end the process. Nobody else in this process sets it.
    let before = signal(SIGPIPE, SIG_DFL)
    defer { _ = signal(SIGPIPE, before) }
    // The threads that run tests block signals, which would hide it.
    var (signals, mask) = (sigset_t(), sigset_t())
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(CInt(SIG_UNBLOCK), &signals, &mask)
    defer { pthread_sigmask(CInt(SIG_SETMASK), &mask, nil) }

    let near: Socket
    if overTCP {
      let pair = try TCPPair()
      near = pair.closeServer()
      // The first bytes go out; that nobody is there comes back.
      _ = try? near.write("a")
      Poll.waitForHangUp(near.descriptor)
    } else {
      near = try SocketPair().closeFar()
    }
    for _ in 0..<3 {
      var failure: SystemError?
      do throws(SystemError) { _ = try near.write([1].span) } catch { failure = error }
      #expect(failure?.call == "send")
      #expect([EPIPE, ECONNRESET].contains(failure?.code))
      #expect(failure?.isPeerGone == true)
    }
  }

  @Test("reads what came before a reset, and only then the error")
  func dataBeforeReset() throws {
    let pair = try TCPPair()
    try pair.server.write("last words")
    try pair.server.set(.resetOnClose)
    let client = pair.closeServer()
    Poll.waitForHangUp(client.descriptor)
    #expect(try client.read(4) == "last")
    #expect(try client.read() == " words")
    let error = #expect(throws: SystemError.self) { _ = try client.read() }
    #expect(error?.call == "recv")
    #expect(error?.code == ECONNRESET)
    // The kernel tells it once.
    #expect(try client.read() == "")
  }

  @Test("closes when its scope ends")
  func closes() throws {
    let descriptor: CInt
    let identity: UInt64?
    do {
      let socket = try Socket.listening(at: .loopback(port: 0))
      descriptor = socket.descriptor
      identity = Descriptors.identity(descriptor)
      #expect(identity != nil)
      #expect(Descriptors.control(descriptor, F_GETFD) >= 0)
    }
    // The number may be another test's by now; what is open at it is not this socket.
    #expect(Descriptors.identity(descriptor) != identity)
  }

  @Test(
    "closes once, so that its number is another's from then on",
    .enabled(if: Descriptors.limit > 2600, "needs descriptors from 2500 up, which the hard limit forbids"))
  func closesOnce() throws {
    let pair = try SocketPair()
    let descriptor = try Descriptors.copy(pair.near.descriptor, from: 2500)
    do {
      let socket = Socket(descriptor: descriptor, system: Kernel.real)
      #expect(Descriptors.control(socket.descriptor, F_GETFD) >= 0)
    }
    #expect(Descriptors.control(descriptor, F_GETFD) == -1)
    // Had it a second owner, this would not survive.
    let next = Socket(descriptor: try Descriptors.copy(pair.near.descriptor, from: 2500), system: Kernel.real)
    #expect(next.descriptor == descriptor)
    try pair.far.write("a")
    #expect(try next.read() == "a")
  }

  @Test("leaves nothing open when listening fails")
  func failedListenCloses() throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    let address = try listener.localAddress()
    // What is opened next has the lowest free number, which leaks push up.
    for _ in 0..<2000 {
      do throws(SystemError) {
        _ = try Socket.listening(at: address).descriptor
        Issue.record("two sockets listen at one port")
        return
      } catch {
        if error.code != EADDRINUSE { Issue.record("\(error)") }
      }
    }
    let next = try SocketPair()
    #expect(next.near.descriptor < listener.descriptor + 2000)
  }

  @Test("does not block and is closed on exec, however it came to be")
  func flags() throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    let client = try Socket.connecting(to: listener.localAddress(), system: Kernel.real)
    Poll.wait(listener.descriptor, for: .readable)
    guard let accepted = try listener.accept() else {
      Issue.record("nothing to accept")
      return
    }
    for descriptor in [listener.descriptor, client.descriptor, accepted.socket.descriptor] {
      #expect(Descriptors.control(descriptor, F_GETFL) & O_NONBLOCK != 0)
      #expect(Descriptors.control(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    }
    #expect(try accepted.peer == client.localAddress())
    #expect(try accepted.socket.localAddress() == listener.localAddress())
    #expect(try listener.accept() == nil)
  }

  @Test("can be taken out of what was accepted")
  func accepted() throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    let client = try Socket.connecting(to: listener.localAddress(), system: Kernel.real)
    Poll.wait(listener.descriptor, for: .readable)
    let server = try listener.acceptOne()
    Poll.wait(client.descriptor, for: .writable)
    try client.write("a")
    Poll.wait(server.descriptor, for: .readable)
    #expect(try server.read() == "a")
  }

  @Test("says by name that a port is used")
  func usedPort() throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    let address = try listener.localAddress()
    let error = #expect(throws: SystemError.self) { _ = try Socket.listening(at: address).descriptor }
    #expect(error?.code == EADDRINUSE)
    #if os(Linux)
    #expect(error?.description == "bind 127.0.0.1:\(address.port ?? 0): Address already in use (98)")
    #endif
  }

  @Test("says by name that nobody listens at a Unix path")
  func connectToNobody() throws {
    let error = #expect(throws: SystemError.self) {
      _ = try Socket.connecting(to: .unix(path: "no/such/path.sock"), system: Kernel.real).descriptor
    }
    #expect(error?.code == ENOENT)
    #expect(error?.description.hasPrefix("connect unix:no/such/path.sock: ") == true)
  }

  #if os(Linux)
  @Test("that is accepted inherits how a dead peer is found: by probes when idle, by a limit when not")
  func deadPeer() throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    try listener.set(.deadPeer(milliseconds: 12_500))
    let client = try Socket.connecting(to: listener.localAddress(), system: Kernel.real)
    Poll.wait(listener.descriptor, for: .readable)
    let accepted = try listener.acceptOne()
    // TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT, as <netinet/tcp.h> numbers them.
    #expect([4, 5, 6, 18].map { accepted.tcpOption($0) } == [6, 2, 3, 12_500])
    #expect(client.tcpOption(18) == 0)
  }
  #endif
}
