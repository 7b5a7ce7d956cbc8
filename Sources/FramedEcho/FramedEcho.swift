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
    "framed-echo", help: help,
    commands: [
      ("demo", DemoCommand.self), ("serve", ServeCommand.self), ("send", SendCommand.self),
      ("load", LoadCommand.self),
    ])

  private static let help = """
    framed-echo: messages over TCP, echoed. What is sent comes back, message by message.

    usage: framed-echo demo
           framed-echo serve [--host H] [--port P] [--framer SPEC]
                             [--selector \(SelectorKind.names("|"))] [--handler sync|async]
           framed-echo send  [--host H] [--port P] [--framer SPEC] [MESSAGE...]
           framed-echo load  [--host H] [--port P] [--framer SPEC] [--connections N] [--size N]
                             [--depth N | --rate N] [--duration S | --messages N]
           framed-echo --help | --version

      demo    a server and a client in one process, shown piece by piece
      serve   answers every message with the same bytes, until SIGINT or SIGTERM
      send    sends messages and checks that each comes back
      load    measures how many messages a server echoes, and how long each takes

    "framed-echo COMMAND --help" says more.

    exit status: 0 as it should be; 1 an echo differs or is missing; 64 wrong arguments;
    65 a message that the framing cannot carry; 69 no address, no server; 74 input or output
    failed
    """
}
