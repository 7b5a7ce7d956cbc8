import Framing
import FramingTransport
import ToolSupport

/// `framed-echo load`: sends as many messages as a server can echo, or so many a second, and measures.
struct LoadCommand: Command {
  private enum Format: String, CaseIterable { case text, json }

  static let syntax = CommandSyntax(
    "load", "measures what a server echoes, and how fast",
    options: EchoOptions.client + [
      Option("--connections", .number, "how many at a time (1)"),
      Option("--size", .number, "bytes of a message (64)"),
      Option("--depth", .number, "messages on their way on each connection (1)"),
      Option("--rate", .number, "instead: messages a second in all, not waiting for replies"),
      Option("--duration", .seconds, "for so many seconds (5)"),
      Option("--messages", .number, "instead: until so many are sent"),
      Option("--format", .choice("NAME", Format.allCases.map(\.rawValue)), "text or json (text)"),
    ],
    description: """
      Sends messages to an echo server, checks every byte that comes back, and prints how many a second there were and how \
      long each took. It waits 10 s for a reply, and 1 s for the server to close.
      """,
    details: [
      """
      With --depth the next message goes out for each reply. With --rate a latency counts from when its message was due. \
      How many a second there were is counted over the whole run, at least over the time it was told to last, and a reply that \
      is missing as if it had come at its end: so a server that stalls cannot hide it. Without any reply there are no \
      latencies.
      """,
      """
      A connection is given up when nothing was sent and nothing has come on it for 10 s; with --rate also for twice the time \
      between two of its messages. What comes after the last reply is an error. That the server does not close is said on \
      standard error only.
      """,
      """
      On a terminal a line on standard error tells meanwhile how it goes. SIGINT ends it early, with what was measured.
      """,
    ],
    examples: ["framed-echo load --connections 64 --depth 8", "framed-echo load --rate 10000 --format json"],
    statuses: [.different, .data, .unavailable, .inputOutput])

  /// How long the server may take to close when nothing follows.
  private static let closeTime = Duration.seconds(1)

  private let host: String
  private let port: UInt16
  private let framer: (text: String, spec: FramerSpec)
  private let plan: LoadPlan
  private let format: Format

  init(_ arguments: Arguments) throws(Failure) {
    host = arguments.text("--host") ?? "127.0.0.1"
    port = try arguments.port(in: 1...(.max))
    framer = try arguments.framer()
    plan = try LoadPlan(arguments)
    format = try arguments.choice("--format", of: Format.allCases) ?? .text
    try Self.check(framer, size: plan.size)
  }

  func run() async throws(Failure) -> ExitStatus {
    try Self.check(plan.connections, descriptors: Platform.raiseDescriptorLimit())
    let connections = try await connect()
    let generator = LoadGenerator(plan, closeTime: Self.closeTime)
    Signals.onNext { generator.stop() }
    let display = Task.detached { await Self.show(generator) }
    await generator.run(on: connections)
    display.cancel()
    await display.value
    let report = generator.report(isFinal: true)
    Terminal.print(format == .text ? report.text : report.json)
    if let problem = generator.problem { FramedEcho.program.report(problem) }
    if generator.unclosed > 0 {
      FramedEcho.program.report(
        "the server did not close \(generator.unclosed) of \(plan.connections) connections within "
          + "\(Self.closeTime.components.seconds) s of being told that nothing follows")
    }
    return report.isClean ? .success : .different
  }

  /// A line that tells how it goes, on a terminal, until the task is cancelled.
  private static func show(_ generator: LoadGenerator) async {
    while (try? await Task.sleep(for: .milliseconds(250))) != nil {
      Terminal.showStatus(generator.report(isFinal: false).line)
    }
    Terminal.hideStatus()
  }

  // MARK: Connecting

  /// How many connections are made at a time: fewer than a server lets wait to be accepted.
  private static let atATime = 64

  private func connect() async throws(Failure) -> [FramedConnection] {
    let first = try await connectFirst()
    let limits = limits
    let framer = framer.spec.framer
    var connections = [first]
    do {
      while connections.count < plan.connections {
        let count = min(Self.atATime, plan.connections - connections.count)
        connections += try await withThrowingTaskGroup { group in
          for _ in 0..<count {
            group.addTask {
              try await FramedConnection.connect(to: first.peer, framer: framer, limits: limits)
            }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
      }
    } catch {
      throw Failure(
        .unavailable, "connection \(connections.count + 1) of \(plan.connections) cannot be made: \(error)")
    }
    return connections
  }

  /// Connects to the first address of the host that answers.
  private func connectFirst() async throws(Failure) -> FramedConnection {
    var failure = Failure(.unavailable, "host \(Quote.text(host)) has no address")
    for address in try Host.addresses(of: host, port: port) {
      do throws(ConnectionError) {
        return try await FramedConnection.connect(to: address, framer: framer.spec.framer, limits: limits)
      } catch {
        failure = Failure(.unavailable, "cannot connect to \(address): \(error)")
        if case .system(let error) = error, error.isRefused || error.isNoSuchPath {
          failure = Failure(.unavailable, "nobody listens at \(address); is a server running there?")
        }
      }
    }
    throw failure
  }

  private var limits: ConnectionLimits {
    var limits = ConnectionLimits.client
    // Not from the beginning of the connection, as for the first message: many take their time to be made.
    limits.idleTime = plan.patience
    return limits
  }

  /// Refuses what this process cannot have, before as many connections are made as it can.
  private static func check(_ connections: Int, descriptors: Int) throws(Failure) {
    guard connections >= descriptors else { return }
    throw Failure(
      .unavailable,
      "\(connections) connections need more descriptors than the \(descriptors) that this process may have; "
        + "ask for fewer, or raise that limit (ulimit -n)")
  }

  /// Refuses what the framing cannot carry before anybody is asked to.
  private static func check(_ framer: (text: String, spec: FramerSpec), size: Int) throws(Failure) {
    var encoder = FrameEncoder(framer.spec.framer)
    let messages = LoadMessages(size: size)
    for number in 0..<2 {
      do throws(FramingError) {
        try messages.withMessage(number, of: 0) { bytes throws(FramingError) in try encoder.append(bytes) }
      } catch {
        throw Failure(
          .data, "messages of \(size) bytes do not fit \(framer.text): the message \(error.fault)")
      }
    }
  }
}

extension LoadPlan {
  /// The plan that the options describe.
  init(_ arguments: Arguments) throws(Failure) {
    if let count = try arguments.integer("--connections", in: 1...100_000) { connections = count }
    if let bytes = try arguments.integer("--size", in: 0...1 << 30) { size = bytes }
    // Fewer than the messages that differ from each other.
    let depth = try arguments.integer("--depth", in: 1...LoadMessages.period - 1)
    let rate = try arguments.integer("--rate", in: 1...100_000_000)
    let seconds = try arguments.integer("--duration", in: 1...86_400)
    let count = try arguments.integer("--messages", in: 1...Int(Int32.max))
    guard depth == nil || rate == nil else {
      throw Failure(.usage, "--depth waits for replies and --rate does not; give one of them")
    }
    guard seconds == nil || count == nil else {
      throw Failure(.usage, "--duration and --messages both say when to end; give one of them")
    }
    pace = rate.map { .rate($0) } ?? .depth(depth ?? 1)
    end = count.map { .messages($0) } ?? .after(.seconds(seconds ?? 5))
  }
}
