import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A PROXY header, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct ProxyTests {
  private static let source = SocketAddress.ipv4(0xC000_0207, port: 4711)
  private static let header = ProxyHeader(from: source, to: .ipv4(0xC633_6401, port: 80))
  private static let source6 = SocketAddress.ipv6(0x2001_0DB8 << 96 | 7, port: 4711)
  private static let header6 = ProxyHeader(from: source6, to: .ipv6(1, port: 80))
  private static let signature: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]

  /// Headers, and whom they speak for; `nil` is whoever has connected.
  static let headers: [(name: String, wire: [UInt8], source: SocketAddress?)] = {
    guard let line = try? header.encode(version: .v1), let line6 = try? header6.encode(version: .v1),
      let block = try? header.encode(version: .v2), let block6 = try? header6.encode(version: .v2),
      let checked = try? header.encode(version: .v2, checksum: true)
    else { preconditionFailure("a header cannot be encoded") }
    return [
      ("a line", line, source), ("a line of IPv6", line6, source6),
      ("a line that tells nothing", Array("PROXY UNKNOWN\r\n".utf8), nil),
      ("a block", block, source), ("a block of IPv6", block6, source6),
      ("a block with a checksum", checked, source),
      ("a block of the proxy itself", signature + [0x20, 0, 0, 0], nil),
    ]
  }()

  @Test("is found however it is cut, and no byte behind it is lost", arguments: headers)
  func found(name: String, wire: [UInt8], source: SocketAddress?) throws {
    let stream = wire + [0, 0, 0, 2, 7, 8]
    for cut in 0..<stream.count {
      let network = SimulatedNetwork.calm()
      network.cut { place in place == cut }
      #expect(
        try Self.outcome(of: stream, network) == .served([0, 0, 0, 2, 7, 8], peer: source), "cut at \(cut)")
    }
    let bytewise = SimulatedNetwork.calm("receive 0...: short(1)")
    #expect(try Self.outcome(of: stream, bytewise) == .served([0, 0, 0, 2, 7, 8], peer: source))
  }

  /// What is no header.
  static let wrong: [(name: String, wire: [UInt8])] = {
    guard var checked = try? header.encode(version: .v2, checksum: true) else {
      preconditionFailure("a header cannot be encoded")
    }
    checked[16] ^= 1  // Of the address, which is under the checksum.
    return [
      ("a line that is too long", Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 0x61, count: 94)),
      ("a block that is too long", signature + [0x21, 0x11, 0xFF, 0xFF]),
      ("a block with another checksum", checked),
      ("a block of another version", signature + [0x31, 0x11, 0, 12]),
      ("a message", [0, 0, 0, 2, 7, 8]),
    ]
  }()

  @Test("that is none ends the connection, however it is cut, and is told", arguments: wrong)
  func refused(name: String, wire: [UInt8]) throws {
    let stream = wire + [0, 0, 0, 2, 7, 8]
    for cut in 0..<wire.count {
      let network = SimulatedNetwork.calm()
      network.cut { place in place == cut }
      guard case .refused(.proxy) = try Self.outcome(of: stream, network) else {
        Issue.record("it was served when cut at \(cut)")
        return
      }
    }
  }

  private enum Outcome: Equatable {
    case served([UInt8], peer: SocketAddress?)
    case refused(ConnectionError?)
  }

  /// What comes of a connection from a proxy that begins with `stream`.
  private static func outcome(of stream: [UInt8], _ network: SimulatedNetwork) throws -> Outcome {
    try network.run {
      let failures = Shared<[ConnectionError?]>([])
      let peers = Shared<[SocketAddress]>([])
      let server = try FramedServer(
        at: .loopback(port: 0), framer: LengthPrefixedFramer(), proxies: .any,
        onEvent: { event in
          if let error = event.error { failures.change { $0.append(error as? ConnectionError) } }
        })
      async let serving: Void = server.run(onMessage: { message, connection in
        let peer = connection.peer
        peers.change { $0.append(peer) }
        try connection.send(message)
      })
      let client = try await FramedConnection.to(server, RawFramer())
      try await client.send(stream)
      await client.finish()
      let reply = await client.drain().messages.flatMap { $0 }
      await client.reset()
      server.shutdown()
      try await serving
      if let failure = failures.value.first {
        return reply.isEmpty ? .refused(failure) : .served(reply, peer: nil)
      }
      let known = [source, source6].first { peers.value == [$0] }
      return .served(reply, peer: known)
    }
  }
}
