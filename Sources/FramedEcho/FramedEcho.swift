import FramingTransport
import ToolSupport

/// The echo application: `framed-echo demo | serve | send | load`.
///
/// Reads the command line, runs the command, and ends with its exit status.
@main
struct FramedEcho {
  static func main() {
    let command: any Command
    do throws(Failure) {
      command = try program.command(Platform.arguments())
    } catch {
      program.report(error.message)
      Platform.exit(error.status)
    }
    // Before any thread starts: threads inherit which signals are blocked.
    Signals.block()
    Task.detached { Platform.exit(await program.run(command)) }
    // This thread has nothing else to do.
    Signals.wait()
  }

  static let program = Program(
    "framed-echo", "messages over TCP, echoed",
    description: """
      What is sent comes back, message by message. Without options: 127.0.0.1, port 7777, and a length of four bytes before \
      each message. SPEC names another framing, as lines or dns; "framing framers" lists them all.
      """,
    examples: [
      "framed-echo serve &", "framed-echo send hello 'two words'",
      "framed-echo load --connections 64 --depth 8",
    ],
    environment: [
      ("FRAMING_SELECTOR", "How to wait for sockets, where --selector does not say so."),
      ("LISTEN_FDS", "How many sockets listen already, from a service manager; serve takes one."),
      ("NOTIFY_SOCKET", "Where serve tells a service manager how it is."),
    ],
    commands: [DemoCommand.self, ServeCommand.self, SendCommand.self, LoadCommand.self])
}
