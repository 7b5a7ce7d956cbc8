import Framing
import FramingTransport
import ToolSupport

/// `framed-echo send`: sends messages without waiting in between, and checks that each comes back.
struct SendCommand: Command {
  static let syntax = CommandSyntax(
    "send", "sends messages and checks that each comes back",
    operands: [Operand(Value("MESSAGE"), .any)],
    options: EchoOptions.client + [
      Option("--connect-time", .seconds, "seconds for finding and connecting to the host (10); or none"),
      Option(
        "--reply-time", .seconds, "seconds without a reply after which none is waited for (10); or none"),
    ],
    description: """
      Sends each MESSAGE, or each line of standard input, which ends with LF, as one message, without waiting in between; \
      prints each reply on a line of its own; then closes the connection.
      """,
    details: [
      """
      A host may have several addresses: they are tried one soon after the other. The server is told by a half-close \
      that nothing follows, when the last reply has come: some servers drop what they have not answered by then. It is told \
      before if no reply comes within --reply-time, and at once if the framing is close-terminated, which knows no other end.
      """
    ],
    examples: ["framed-echo send hello 'two words'", "framed-echo send --framer lines < notes.txt"],
    statuses: [.different, .data, .unavailable, .inputOutput])

  private let host: String
  private let port: UInt16
  private let framer: (text: String, spec: FramerSpec)
  private let limits: ConnectionLimits
  /// How long a reply may take, after the one before or the last message; `nil` for ever.
  private let replyTime: Duration?
  /// From the command line; if there are none, each line of standard input is one.
  private let messages: [[UInt8]]

  init(_ arguments: Arguments) throws(Failure) {
    host = arguments.text("--host") ?? "127.0.0.1"
    port = try arguments.port(in: 1...(.max))
    framer = try arguments.framer()
    var limits = ConnectionLimits.client
    try LimitOptions.set(&limits.connectTime, "--connect-time", arguments)
    self.limits = limits
    var replyTime: Duration? = .seconds(10)
    try LimitOptions.set(&replyTime, "--reply-time", arguments)
    self.replyTime = replyTime
    messages = arguments.operands
  }

  func run() async throws(Failure) -> ExitStatus {
    let connection = try await connect()
    let ledger = SendLedger()
    // Beside the receiver: a peer that cannot get rid of its replies stops reading. Not its child: it may wait for a
    // line that never comes when the receiver is done.
    Task.detached { await send(on: connection, ledger) }
    let watch = Task { await endWhenSilent(connection, ledger) }
    defer { watch.cancel() }

    var loss = "the server closed the connection; does it use the same --framer?"
    do throws(ConnectionError) {
      while let reply = try await connection.receive() {
        Terminal.print(reply)
        if let difference = await ledger.difference(of: reply) { FramedEcho.program.report(difference) }
        if await ledger.isAnswered { await connection.finish() }
      }
    } catch {
      loss = await ledger.isGivenUp ? "no reply came in time; --reply-time S waits longer" : "\(error)"
    }

    let end = await ledger.end(loss)
    if let difference = end.difference { FramedEcho.program.report(difference) }
    if let refusal = end.refusal { FramedEcho.program.report(refusal.message) }
    await connection.reset()  // Both directions are over: nothing is lost.
    return end.isDifferent ? .different : end.refusal?.status ?? .success
  }

  private func send(on connection: FramedConnection, _ ledger: SendLedger) async {
    var rest = messages[...]
    if messages.isEmpty { InputFile.standard.showProgress() }
    var lines = Lines(of: .standard)
    var count = 0
    var refusal: Failure?
    do throws(Failure) {
      while let message = messages.isEmpty ? try lines.next() : rest.popFirst() {
        count += 1
        await ledger.expect(message)
        do throws(ConnectionError) {
          try await connection.send(message)
        } catch {
          // Anything else has ended the connection, and the receiver is told why.
          guard case .framing(let error) = error else { return }
          await ledger.withdraw()
          throw Failure(
            .data, "message \(count) (\(Quote.counted(message))) \(error.fault); nothing of it was sent")
        }
      }
    } catch {
      refusal = error
    }
    // Before the server is told: its answer is to close.
    await ledger.complete(refusal)
    let mustEnd = framer.spec.base.endsWithStream
    if await ledger.isAnswered || mustEnd { await connection.finish() }
  }

  /// Tells the server that nothing follows when it has not replied for too long, and gives up when that does not help.
  private func endWhenSilent(_ connection: FramedConnection, _ ledger: SendLedger) async {
    guard let replyTime else { return }
    var wasTold = false
    while true {
      let before = await ledger.activity
      guard (try? await connection.loop.sleep(for: replyTime)) != nil else { return }
      // Somebody may still be typing.
      guard await ledger.isComplete, await ledger.activity == before else { continue }
      if wasTold {
        await ledger.giveUp()
        return await connection.reset()
      }
      await connection.finish()
      wasTold = true
    }
  }

  /// Connects to the Unix socket, or to whichever address of the host answers first.
  private func connect() async throws(Failure) -> FramedConnection {
    let path = try Host.path(host)
    do throws(ConnectionError) {
      if let path {
        return try await FramedConnection.connect(to: path, framer: framer.spec.framer, limits: limits)
      }
      return try await FramedConnection.connect(
        to: host, port: port, framer: framer.spec.framer, limits: limits)
    } catch {
      throw Failure(.unavailable, explain(error))
    }
  }

  private func explain(_ error: ConnectionError) -> String {
    switch error {
    case .system(let error) where error.isRefused || error.isNoSuchPath:
      "nobody listens at \(error.subject ?? host); \(advice)"
    case .system(let error): "cannot connect: \(error)"
    case .unreachable(let attempts):
      "cannot connect to \(Quote.text(host)): \(attempts.map(\.description).joined(separator: "; ")); \(advice)"
    case .unknownHost(let error): Host.explain(error)
    case .timedOut(.connect):
      "no answer from \(Quote.text(host)) in time; --connect-time S waits longer, or none for ever"
    default: "cannot connect to \(Quote.text(host)): \(error)"
    }
  }

  private var advice: String {
    let place = host.hasPrefix("unix:") ? "--host \(host)" : "--port \(port)"
    return "is a server running there? start one with: framed-echo serve \(place)"
  }
}
