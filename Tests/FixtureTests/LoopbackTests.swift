import Framing
import FramingTestKit
import FramingTransport
import Synchronization
import Testing

@Suite("Every fixture, over a loopback connection", .timeLimit(.minutes(5)))
struct LoopbackTests {
  /// How a server is run; what comes out does not depend on it.
  enum Way: String, CaseIterable, Sendable {
    case sync, async
  }

  @Test(
    "comes out as in memory, as written and byte by byte", arguments: Repository.fixtures,
    SelectorKind.available)
  func replay(path: String, selector: SelectorKind) async throws {
    try await Self.gate.pass { try await play(path, selector) }
  }

  /// All at once, hundreds of fixtures would have thousands of sockets open, and other tests need to know which numbers
  /// are free.
  private static let gate = Gate(width: 32)

  private func play(_ path: String, _ selector: SelectorKind) async throws {
    let fixture = try Fixture(try Repository.text(of: "Fixtures/" + path), name: path)
    let expected = Stream(fixture)
    let size = fixture.chunks.reduce(0) { $0 + $1.count }
    for way in Way.allCases {
      for chunking in [Chunking.asWritten, .bytewise] where chunking == .asWritten || size <= 2048 {
        let pieces = chunking.pieces(of: fixture.chunks)
        let came = try await transmit(
          pieces, framer: fixture.framer.framer, fails: expected.fails, selector, way)
        #expect(came == expected.events, "\(chunking), \(way)")
      }
    }
    // What the fixture itself says. Without a line "end" it is silent about what the end would bring.
    let written = fixture.steps.map(\.event).filter(\.comesOut)
    #expect(zip(expected.events, written).allSatisfy { $0.matches($1) })
    if fixture.ends || expected.fails {
      #expect(expected.events.count == written.count)
    } else {
      #expect(expected.events.count >= written.count)
    }
  }

  /// What comes out of a stream: a message, or an error, which may be of a frame that was left out.
  enum Event: Hashable, Sendable {
    case message([UInt8])
    case error(FramingError)

    /// Whether a fixture says this.
    func matches(_ written: Fixture.Event) -> Bool {
      switch (self, written) {
      case (.message(let message), .message(let expected)): message == expected
      case (.error(let error), .error(let expected)): expected.matches(error)
      default: false
      }
    }
  }

  /// What comes out in memory of a stream that ends.
  struct Stream {
    private(set) var events: [Event] = []
    /// Whether the last event is an error that is final.
    private(set) var fails = false

    init(_ fixture: Fixture) {
      var decoder = FrameDecoder(fixture.framer.framer)
      for chunk in fixture.chunks {
        decoder.append(chunk)
        drain(&decoder)
      }
      do throws(FramingError) { try decoder.finish() } catch { failed(error, of: decoder) }
      drain(&decoder)
    }

    private mutating func failed(_ error: FramingError, of decoder: borrowing FrameDecoder<AnyFramer>) {
      if fails { return }
      events.append(.error(error))
      fails = decoder.failure != nil
    }

    private mutating func drain(_ decoder: inout FrameDecoder<AnyFramer>) {
      while !fails {
        do throws(FramingError) {
          while let message = try decoder.next() { events.append(.message(message)) }
          return
        } catch {
          failed(error, of: decoder)
        }
      }
    }
  }

  /// Sends `pieces` one by one to a server, and answers what came out there.
  private func transmit(
    _ pieces: [[UInt8]], framer: AnyFramer, fails: Bool, _ selector: SelectorKind, _ way: Way
  ) async throws -> [Event] {
    let loop = try #require(Self.loops[selector])
    let came = Mutexed<[Event]>([])
    let collect: @Sendable (Event) -> Void = { event in came.value.withLock { $0.append(event) } }
    var limits = ServerLimits()
    limits.connection.frameBytes = .max  // That of the framer is what is tested.
    limits.connection.handshakeTime = nil  // A machine that is busy is no slow peer.
    limits.connection.messageTime = nil
    let server = try FramedServer(at: .loopback(port: 0), framer: framer, limits: limits, on: loop) {
      event in
      guard let error = event.error else { return }
      switch error as? ConnectionError {
      case .framing(let error), .leftOut(let error): collect(.error(error))
      default: Issue.record("\(event)")
      }
    }
    async let serving: Void = serve(server, way, collect)
    do {
      try await FramedConnection.withConnection(to: server.address, framer: RawFramer(), on: loop) { client in
        for piece in pieces {
          try await client.send(piece)
          try await client.flush()
        }
        client.finish()
        #expect(try await client.receive() == nil)
      }
    } catch let error as ConnectionError where fails && error.isPeerGone {
      // A server that has met the fault need not wait for the bytes behind it.
    }
    server.shutdown()
    try await serving
    return came.value.withLock { $0 }
  }

  private func serve(
    _ server: FramedServer, _ way: Way, _ collect: @escaping @Sendable (Event) -> Void
  ) async throws {
    switch way {
    case .sync:
      try await server.run(onMessage: { message, _ in
        collect(.message([UInt8](copying: message)))
      })
    case .async:
      try await server.run { connection in
        for try await message in connection.messages { collect(.message(message)) }
      }
    }
  }

  /// One loop for each selector: hundreds of servers need no thread of their own.
  private static let loops: [SelectorKind: EventLoop] = {
    var loops: [SelectorKind: EventLoop] = [:]
    for selector in SelectorKind.available { loops[selector] = try? EventLoop(selector: selector) }
    return loops
  }()
}

extension Fixture.Event {
  /// Whether it is a message or an error.
  fileprivate var comesOut: Bool {
    switch self {
    case .message, .error: true
    case .chunk, .end: false
    }
  }
}

extension ConnectionError {
  fileprivate var isPeerGone: Bool {
    if case .system(let error) = self { error.isPeerGone } else { false }
  }
}

/// A lock that closures can share.
private final class Mutexed<Value: Sendable>: Sendable {
  let value: Mutex<Value>
  init(_ value: Value) { self.value = Mutex(value) }
}

/// Lets only so many in at once.
private actor Gate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(width: Int) { free = width }

  nonisolated func pass(_ body: () async throws -> Void) async throws {
    await enter()
    do {
      try await body()
    } catch {
      await leave()
      throw error
    }
    await leave()
  }

  private func enter() async {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
  }

  private func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}

/// Bytes go out as they are.
private struct RawFramer: Framer {
  func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    .frame(payload: 0..<bytes.count, wireLength: bytes.count)
  }

  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    wire.append(payload)
  }
}
