import Framing
import FramingTransport
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("A peer that waits to be accepted", .timeLimit(.minutes(5)))
struct WaitingPeerTests {
  /// Connects, sends `text`, and is gone with a reset.
  private static func resetPeer(of address: SocketAddress, after text: String = "") throws {
    let peer = try Socket.connecting(to: address, system: Kernel.real)
    Poll.wait(peer.descriptor, for: .writable)
    if !text.isEmpty { try peer.write(text) }
    try peer.set(.resetOnClose)
  }

  @Test(
    "and resets before is accepted all the same, and the reset is found by reading",
    .enabled(if: SelectorKind.available.contains(.epoll), "states what Linux does"), arguments: ["", "some"])
  func resetBeforeAccept(text: String) throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    try Self.resetPeer(of: listener.localAddress(), after: text)
    Poll.wait(listener.descriptor, for: .readable)
    let accepted = try listener.acceptOne()
    Poll.waitForHangUp(accepted.descriptor)
    if !text.isEmpty { #expect(try accepted.read() == text) }
    let error = #expect(throws: SystemError.self) { try accepted.read() }
    #expect(error?.code == ECONNRESET)
    #expect(error?.isPeerGone == true)
  }

  @Test("and resets costs those nothing who stay, before and behind it", arguments: Way.all)
  func resetAmongOthers(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    do {
      let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: loop)
      let others = try EventLoop(selector: way.selector)
      var patient: [FramedConnection] = []
      for number in 0..<30 {
        // A frame, half a frame and nothing, and then the reset.
        try Self.resetPeer(of: server.address, after: ["\0\0\0\u{1}a", "\0\0\0\u{9}a", ""][number % 3])
        if number % 10 == 5 {
          let peer = try await FramedConnection.connect(
            to: server.address, framer: LengthPrefixedFramer(), on: others)
          try await peer.send([UInt8(number)])
          patient.append(peer)
        }
      }
      // Nobody was accepted so far.
      async let serving: Void = server.echo(way.style)
      for (peer, number) in zip(patient, [5, 15, 25]) {
        #expect(try await peer.receive() == [UInt8(number)])
        try await peer.close()
      }
      server.shutdown()
      try await serving
    }
    #expect(kernel.open.isEmpty)
    #expect(kernel.closedTwice.isEmpty)
  }
}

@Suite("A connection whose descriptor a child process inherits", .timeLimit(.minutes(5)))
struct InheritedDescriptorTests {
  @Test(
    "ends for its peer when the server closes it, though the copy is open",
    .enabled(if: Descriptors.limit > 3100, "needs descriptors from 3000 up, which the hard limit forbids"),
    arguments: Way.all)
  func copyLivesOn(way: Way) async throws {
    let kernel = FaultyKernel()
    let loop = try EventLoop(selector: way.selector, system: kernel)
    do {
      let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), on: loop)
      let before = kernel.open
      async let serving: Void = server.echo(way.style)
      let peer = try await FramedConnection.connect(
        to: server.address, framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector))
      try await peer.send([1])
      #expect(try await peer.receive() == [1])
      let accepted = try #require(kernel.open.subtracting(before).first)
      // What a child has inherited, which knows nothing of it: a duplicate of the number.
      let copy = Socket(
        descriptor: try Descriptors.copy(accepted, from: 3000), system: Kernel.real)
      await peer.finish()
      // Closing alone would tell it nothing while the copy is open.
      #expect(try await peer.receive() == nil)
      try await peer.close()
      // The others are served, and nothing that happens to the copy reaches the loop.
      let next = try await server.connect()
      try await next.send([2])
      #expect(try await next.receive() == [2])
      try await next.close()
      server.shutdown()
      try await serving
      #expect(Descriptors.identity(copy.descriptor) != nil)
    }
    #expect(kernel.open.isEmpty)
    #expect(kernel.closedTwice.isEmpty)
  }
}
