import CSystemShims
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("Connecting, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct ConnectingTests {
  /// There and back.
  private static let way = Duration.microseconds(100)

  @Test(
    "is in time until the last moment, and not after it",
    arguments: [SelectorKind.epoll, .poll, .select, .kqueue], [-1, 0, 1])
  func time(selector: SelectorKind, spare: Int) throws {
    let network = SimulatedNetwork.calm(selector: selector)
    let error = try network.run {
      try await withServer { server in
        var limits = ConnectionLimits.client
        limits.connectTime = Self.way + .nanoseconds(spare)
        do throws(ConnectionError) {
          let client = try await FramedConnection.to(server, limits: limits)
          try await client.close()
          return nil as ConnectionError?
        } catch { return error }
      }
    }
    #expect(error == (spare < 0 ? .timedOut(.connect) : nil))
  }

  enum Nature: CaseIterable { case connects, refuses, stalls }

  @Test("to a host takes the first of its addresses that answers, and else tells of each")
  func addresses() throws {
    for first in Nature.allCases {
      for second in Nature.allCases {
        for third in Nature.allCases { try Self.play([first, second, third]) }
      }
    }
  }

  private static func play(_ natures: [Nature]) throws {
    let network = SimulatedNetwork.calm()
    let addresses = natures.indices.map { SocketAddress.ipv4(0xC000_0201 + UInt32($0), port: 7777) }
    network.addHost("example", addresses: addresses)
    let (outcome, time) = try network.run {
      let outcome = try await connect(among: zip(addresses, natures).map { ($0, $1) })
      return (outcome, network.time)
    }
    let winner = natures.firstIndex(of: .connects)
    switch outcome {
    case .success(let peer): #expect(peer == winner.map { addresses[$0] }, "\(natures)")
    case .failure(.unreachable(let attempts)):
      #expect(winner == nil, "\(natures)")
      #expect(attempts.map(\.address) == addresses)
      for (attempt, nature) in zip(attempts, natures) {
        switch attempt.outcome {
        case .failed(let error): #expect(nature == .refuses && error.code == ECONNREFUSED, "\(natures)")
        case .noAnswer: #expect(nature == .stalls, "\(natures)")
        case .notTried: Issue.record("\(natures): \(attempt.address) was not tried")
        }
      }
    case .failure(let error): Issue.record("\(natures): \(error)")
    }
    // Who is refused goes on at once; who hears nothing waits for a quarter of a second, and at the end for all the time.
    let stalls = natures.prefix(winner ?? 3).count { $0 == .stalls }
    let limit = winner == nil && stalls > 0 ? Duration.seconds(11) : .milliseconds(250 * stalls + 20)
    #expect(time < limit, "\(natures)")
  }

  /// Connects to a host with these addresses, and answers to which of them.
  private static func connect(
    among addresses: [(address: SocketAddress, nature: Nature)]
  ) async throws -> Result<SocketAddress, ConnectionError> {
    var full = ListenOptions()
    full.backlog = 0
    var silent: [(server: FramedServer, guest: FramedConnection)] = []
    for (address, nature) in addresses where nature == .stalls {
      // Nobody accepts, and the queue has room for one only.
      let server = try FramedServer(at: address, framer: LineFramer(), options: full)
      silent.append((server, try await FramedConnection.connect(to: address, framer: LineFramer())))
    }
    let servers = try addresses.filter { $0.nature == .connects }.map {
      try FramedServer(at: $0.address, framer: LineFramer())
    }
    let outcome = await withTaskGroup(of: Void.self) { group in
      for server in servers { group.addTask { try? await server.run(onMessage: { _, _ in }) } }
      defer { for server in servers { server.shutdown() } }
      do throws(ConnectionError) {
        let client = try await FramedConnection.connect(to: "example", port: 7777, framer: LineFramer())
        let peer = client.peer
        try await client.close()
        return Result<SocketAddress, ConnectionError>.success(peer)
      } catch { return .failure(error) }
    }
    for (_, guest) in silent { await guest.reset() }
    return outcome
  }
}
