import CSystemShims
import Framing
import FramingSimulation
import FramingTransport

/// Clients that send messages to an echo server, and what must hold whatever happened on the way.
struct EchoScenario: Sendable, CustomStringConvertible {
  enum Style: String, CaseIterable, Sendable { case sync, async }

  var spec = FramerSpec.lengthPrefixed
  var style = Style.sync
  var selector = SelectorKind.epoll
  /// What each client sends, before it waits for a reply.
  var messages: [[UInt8]] = ["a", "", "three"].map { Array($0.utf8) }
  var clients = 1
  /// Loops of the server; the clients are on another one if there are several.
  var loops = 1
  var limits = ServerLimits()

  var description: String { "\(selector) \(style) \(clients) client(s), \(loops) loop(s), \(spec)" }

  /// The same, with another selector, or served in another style.
  func with(selector: SelectorKind, style: Style? = nil) -> EchoScenario {
    var scenario = self
    scenario.selector = selector
    if let style { scenario.style = style }
    return scenario
  }

  /// What a run came to.
  struct Account: Sendable {
    /// What each client got back, and the error that it heard of.
    var replies: [[[UInt8]]]
    var errors: [String?]
    /// What else was told: to the server's `onFailure`, or thrown where it was to be started.
    var failures: [String] = []
  }

  /// Looks for a run of it that fails.
  var search: Search {
    Search(selector: selector) { (network) throws(SimulationFailure) in try run(network) }
  }

  /// Runs it; throws what the network finds wrong, or what the invariants do.
  @discardableResult
  func run(_ network: SimulatedNetwork) throws(SimulationFailure) -> Account {
    let failures = Shared<[String]>([])
    var account = try network.run { [self] in try await body(network, failures) }
    account.failures += failures.value
    if let sentence = complaint(account, network) { throw network.failure(.broken(sentence)) }
    return account
  }

  private func body(_ network: SimulatedNetwork, _ failures: Shared<[String]>) async throws -> Account {
    var account = Account(
      replies: Array(repeating: [], count: clients), errors: Array(repeating: nil, count: clients))
    let server: FramedServer
    let clientLoop: EventLoop
    do throws(SystemError) {
      clientLoop = loops > 1 ? try network.makeLoop() : network.loop
      server = try FramedServer(
        at: .loopback(port: 7777), framer: spec.framer, limits: limits, loops: loops,
        onEvent: { failures.note($0) })
    } catch {
      // Nothing could be begun, and the caller knows why.
      return Account(replies: account.replies, errors: Array(repeating: "\(error)", count: clients))
    }
    async let serving: String? = serve(server)
    await withTaskGroup(of: (Int, [[UInt8]], String?).self) { group in
      for client in 0..<clients {
        group.addTask {
          let (replies, error) = await talk(to: server.address, on: clientLoop)
          return (client, replies, error)
        }
      }
      for await (client, replies, error) in group {
        (account.replies[client], account.errors[client]) = (replies, error)
      }
    }
    server.shutdown()
    if let error = await serving { account.failures.append(error) }
    return account
  }

  private func serve(_ server: FramedServer) async -> String? {
    do {
      switch style {
      case .sync: try await server.run(onMessage: { message, connection in try connection.send(message) })
      case .async:
        try await server.run { connection in
          for try await message in connection.messages { try await connection.send(message) }
        }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Sends all messages, ends the stream, and takes all replies.
  private func talk(to address: SocketAddress, on loop: EventLoop) async -> ([[UInt8]], String?) {
    let replies = Shared<[[UInt8]]>([])
    do {
      try await FramedConnection.withConnection(
        to: address, framer: spec.framer, limits: limits.connection, on: loop
      ) { connection in
        for message in messages { try await connection.send(message) }
        connection.finish()
        for try await reply in connection.messages { replies.change { $0.append(reply) } }
      }
      return (replies.value, nil)
    } catch {
      return (replies.value, "\(error)")
    }
  }

  // MARK: What must hold

  /// What the replies are if nothing goes wrong.
  var expected: [[UInt8]] { messages }

  /// What is wrong with a run, as a sentence; `nil` if nothing is.
  func complaint(_ account: Account, _ network: SimulatedNetwork) -> String? {
    let plan = network.plan
    let faults = plan.entries.map(\.fault)
    let isBorne = plan.entries.allSatisfy { $0.fault.isBorne }
    for client in 0..<clients {
      let (replies, error) = (account.replies[client], account.errors[client])
      if !isBeginning(replies, mayBeCut: faults.contains(.end)) {
        return "client \(client) got the replies \(replies), which are no beginning of \(expected)"
      }
      let isComplete = replies.count == expected.count && replies.last == expected.last
      // Of a stream that somebody between the two ended in the right place nobody can know.
      if !isComplete && error == nil && account.failures.isEmpty && !faults.contains(.end) {
        return
          "client \(client) got \(replies.count) of \(expected.count) replies, and nobody heard of an error"
      }
      if isBorne && (!isComplete || error != nil) {
        return
          "client \(client) got \(replies.count) replies and the error \(error ?? "none") for what it can bear"
      }
    }
    if isBorne && !network.isSlow && network.time > .seconds(1) {
      return "it took \(network.time) on a network that takes 50 microseconds: somebody was not woken"
    }
    if isBorne && !account.failures.isEmpty {
      return "the server told of \(account.failures) for what it can bear"
    }
    return complaint(about: network.account, faults: faults.count)
  }

  /// Whether the replies are the first of those that are due, the last of them perhaps cut off.
  private func isBeginning(_ replies: [[UInt8]], mayBeCut: Bool) -> Bool {
    if expected.starts(with: replies) { return true }
    guard mayBeCut, let last = replies.last, replies.count <= expected.count else { return false }
    return expected.starts(with: replies.dropLast()) && expected[replies.count - 1].starts(with: last)
  }

  /// Whether loops slept, and held no more than they may.
  private func complaint(about run: RunAccount, faults: Int) -> String? {
    let reasons = 4 * (run.deliveries + run.moments + faults) + 12 * clients * (messages.count + 8)
    if run.turns > UInt64(reasons) {
      return "the loops turned \(run.turns) times for \(run.deliveries) deliveries at \(run.moments) moments"
    }
    let frame = (messages.map(\.count).max() ?? 0) + 32
    let bound = 2 * frame + 64 << 10 + limits.connection.queuedBytes
    return run.mostHeld <= bound ? nil : "\(run.mostHeld) bytes were held, of at most \(bound)"
  }
}

extension SimulatedNetwork {
  /// Whether the time that a run takes says something about the network only.
  fileprivate var isSlow: Bool {
    conditions.latency.upperBound > .microseconds(50) || conditions.sendBuffer < 1 << 16
  }
}

extension Fault {
  /// Whether a program has to bear it without anybody noticing.
  var isBorne: Bool {
    switch self {
    case .error(let code): code == EINTR || code == EAGAIN
    case .short, .shortByOne, .spurious, .stale, .nothing, .one, .atOnce: true
    case .end, .resetAfter, .failsLater, .late: false
    }
  }
}

extension FramerSpec {
  static let lengthPrefixed = LengthPrefixedFramer().spec
}
