import Framing
import FramingTransport
import ToolSupport

/// `framed-echo load`: sends as many messages as a server can echo, or so many a second, and measures.
struct LoadCommand: Command {
  private enum Format: String, CaseIterable { case text, json }

  private let host: String
  private let port: UInt16
  private let framer: (text: String, spec: FramerSpec)
  private let plan: LoadPlan
  private let format: Format

  init(arguments: ArraySlice<[UInt8]>) throws(Failure) {
    let arguments = try Arguments(
      arguments, of: "load",
      options: [
        "--host", "--port", "--framer", "--connections", "--size", "--depth", "--rate", "--duration",
        "--messages", "--format",
      ])
    host = arguments.text("--host") ?? "127.0.0.1"
    port = try arguments.port(in: 1...(.max))
    framer = try arguments.framer()
    plan = try LoadPlan(arguments)
    format = try arguments.choice("--format", of: Format.allCases) ?? .text
    try Self.check(framer, size: plan.size)
  }

  func run() async throws(Failure) -> ExitStatus {
    Platform.raiseDescriptorLimit()
    let connections = try await connect()
    let generator = LoadGenerator(plan)
    Signals.onNext { generator.stop() }
    let display = Task.detached { await Self.show(generator) }
    await generator.run(on: connections)
    display.cancel()
    await display.value
    let report = generator.report(isFinal: true)
    Terminal.print(format == .text ? report.text : report.json)
    if let problem = generator.problem { FramedEcho.program.report(problem) }
    return report.isClean ? .success : .different
  }

  /// A line that tells how it goes, on a terminal, until the task is cancelled.
  private static func show(_ generator: LoadGenerator) async {
    guard Platform.outputIsTerminal else { return }
    while (try? await Task.sleep(for: .milliseconds(250))) != nil {
      Terminal.showLine(generator.report(isFinal: false).line)
    }
    Terminal.showLine("")
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
    limits.handshakeTime = plan.patience
    limits.idleTime = plan.patience
    return limits
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

  static let help = """
    usage: framed-echo load [options]

    Sends messages to an echo server on many connections, checks every byte that comes back, and
    prints how many a second there were and how long each took.

      --host H         the address or name of the server, or unix:/path (127.0.0.1)
      --port P         1 to 65535 (7777)
      --framer SPEC    how messages are framed; the server's (length-prefixed)
      --connections N  how many at a time (1)
      --size N         bytes of a message (64)
      --depth N        messages in flight on each connection: the next goes out for each reply (1)
      --rate N         instead: messages a second over all connections, whether replies come or
                       not; a latency counts from when its message was due
      --duration S     for so many seconds (5)
      --messages N     or until so many are sent, over all connections
      --format NAME    text or json (text)

    On a terminal a line tells meanwhile how it goes. SIGINT ends it early, with what was measured.

    exit status: 0 if every reply equals its message; 1 if not, or one is missing; 65 if the framing
    cannot carry such messages; 69 if there is no server
    """
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
