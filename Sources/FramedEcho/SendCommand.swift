import Framing
import FramingTransport
import ToolSupport

/// `framed-echo send`: sends messages without waiting in between, and checks that each comes back.
struct SendCommand: Command {
  private let host: String
  private let port: UInt16
  private let framer: (text: String, spec: FramerSpec)
  private let limits: ConnectionLimits
  /// From the command line; if there are none, each line of standard input is one.
  private let messages: [[UInt8]]

  init(arguments: ArraySlice<[UInt8]>) throws(Failure) {
    let arguments = try Arguments(
      arguments, of: "send", options: ["--host", "--port", "--framer", "--connect-time"], operands: "message")
    host = arguments.text("--host") ?? "127.0.0.1"
    port = try arguments.port(in: 1...(.max))
    framer = try arguments.framer()
    var limits = ConnectionLimits.client
    try LimitOptions.set(&limits.connectTime, "--connect-time", arguments)
    self.limits = limits
    messages = arguments.operands
  }

  func run() async throws(Failure) -> ExitStatus {
    let connection = try await connect()
    let ledger = Ledger()
    // Beside the receiver: a peer that cannot get rid of its replies stops reading. Not its child: it may wait for a
    // line that never comes when the receiver is done.
    Task.detached { await send(on: connection, ledger) }

    var loss = "the server closed the connection; does it use the same --framer?"
    do throws(ConnectionError) {
      while let reply = try await connection.receive() {
        Terminal.print(reply)
        if let difference = await ledger.difference(of: reply) { FramedEcho.program.report(difference) }
      }
    } catch {
      loss = "\(error)"
    }

    let end = await ledger.end(loss)
    if let difference = end.difference { FramedEcho.program.report(difference) }
    if let refusal = end.refusal { FramedEcho.program.report(refusal.message) }
    await connection.reset()  // Both directions are over: nothing is lost.
    return end.isDifferent ? .different : end.refusal?.status ?? .success
  }

  private func send(on connection: FramedConnection, _ ledger: Ledger) async {
    var rest = messages[...]
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
    await connection.finish()
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

  static let help = """
    usage: framed-echo send [options] [--] [MESSAGE...]

    Sends each MESSAGE, or each line of standard input, which ends with LF, as one message, without
    waiting in between; prints each reply on a line of its own; then half-closes the connection.

      --host H         the address or name of the server, or unix:/path (127.0.0.1)
      --port P         1 to 65535 (7777)
      --framer SPEC    how messages are framed; the server's (length-prefixed)
    \(framerHelp)
      --connect-time S seconds to find the host and connect to one of its addresses, which are
                       tried one soon after the other (10); or none

    exit status: 0 if every reply equals its message; 1 if not, and what differs; 65 if the framing
    cannot carry a message; 69 if there is no server
    """
}

/// The messages that were sent and not answered yet, in order, and what was wrong with the answers.
private actor Ledger {
  private var unanswered: [[UInt8]] = []
  private var firstUnanswered = 0
  private var replies = 0
  private var differences = 0
  private var isComplete = false
  private var refusal: Failure?

  /// A message is about to be sent.
  func expect(_ message: [UInt8]) { unanswered.append(message) }

  /// The last message was not sent after all.
  func withdraw() { unanswered.removeLast() }

  /// Every message was sent, or nothing further can be, which `refusal` says.
  func complete(_ refusal: Failure?) {
    isComplete = true
    self.refusal = refusal
  }

  /// Takes a reply; answers how it differs if it is the first that does.
  func difference(of reply: [UInt8]) -> String? {
    replies += 1
    let message = takeFirst()
    guard message != reply else { return nil }
    differences += 1
    guard differences == 1 else { return nil }
    guard let message else { return "reply \(replies) was not asked for: got \(Quote.counted(reply))" }
    let common = zip(message, reply).prefix { $0 == $1 }.count
    let place = common >= 32 ? "; they are equal up to byte \(common)" : ""
    return "reply \(replies) differs: expected \(Quote.counted(message)), got \(Quote.counted(reply))\(place)"
  }

  /// The result, once no reply can come any more, which `loss` gives the reason for.
  func end(_ loss: String) -> (isDifferent: Bool, difference: String?, refusal: Failure?) {
    var lines: [String] = []
    if differences > 1 { lines.append("replies that differ: \(differences)") }
    let missing = unanswered.count - firstUnanswered
    if missing > 0 {
      let more = missing > 1 ? " and \(missing - 1) more are" : " is"
      lines.append("reply \(replies + 1)\(more) missing: \(loss)")
    } else if !isComplete {
      lines.append("not everything was sent: \(loss)")
    }
    return (
      differences > 0 || !lines.isEmpty, lines.isEmpty ? nil : lines.joined(separator: "; "), refusal
    )
  }

  private func takeFirst() -> [UInt8]? {
    guard firstUnanswered < unanswered.count else { return nil }
    let message = exchange(&unanswered[firstUnanswered], with: [])
    firstUnanswered += 1
    // Now and then, so that each is moved a constant number of times.
    if firstUnanswered > 64 && firstUnanswered * 2 > unanswered.count {
      unanswered.removeFirst(firstUnanswered)
      firstUnanswered = 0
    }
    return message
  }
}
