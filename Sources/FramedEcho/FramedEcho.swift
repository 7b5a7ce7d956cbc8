import FramingTransport

/// The echo application: `framed-echo demo | serve | send`.
///
/// Reads the command line, runs the command, and ends with its exit status.
@main
struct FramedEcho {
  static func main() {
    let command: any Command
    do throws(Failure) {
      command = try Self.command(Platform.arguments())
    } catch {
      Terminal.report(error.message)
      Platform.exit(error.status)
    }
    // Before any thread starts: threads inherit which signals are blocked.
    Signals.block()
    Task.detached { Platform.exit(await status(of: command)) }
    // This thread has nothing else to do.
    Signals.wait()
  }

  /// The commands, as they are called.
  private static let commands: [(name: String, type: any Command.Type)] = [
    ("demo", DemoCommand.self), ("serve", ServeCommand.self), ("send", SendCommand.self),
  ]

  private static func command(_ words: [[UInt8]]) throws(Failure) -> any Command {
    let known = commands.map { $0.name }.joined(separator: ", ")
    guard let first = words.first.map({ String(decoding: $0, as: UTF8.self) }) else {
      throw Failure(.usage, "no command; known are \(known) (framed-echo --help says what they do)")
    }
    if ["--help", "-h"].contains(first) { return PrintCommand(text: help) }
    if first == "--version" { return PrintCommand(text: "framed-echo, unreleased") }
    guard let type = commands.first(where: { $0.name == first })?.type else {
      let kind = first.hasPrefix("-") ? "option" : "command"
      let options = first.hasPrefix("-") ? ", --help, --version" : ""
      throw Failure(.usage, "unknown \(kind) \(Quote.text(first)); known are \(known)\(options)")
    }
    let rest = words.dropFirst()
    // Behind `--` everything is a message.
    let options = rest.prefix { $0 != Array("--".utf8) }.map { String(decoding: $0, as: UTF8.self) }
    if options.contains("--help") || options.contains("-h") { return PrintCommand(text: type.help) }
    return try type.init(arguments: rest)
  }

  private static func status(of command: any Command) async -> ExitStatus {
    var status: ExitStatus
    do throws(Failure) {
      status = try await command.run()
    } catch {
      Terminal.report(error.message)
      status = error.status
    }
    if !Terminal.flush() && status == .success {
      Terminal.report("standard output cannot be written")
      status = .inputOutput
    }
    return status
  }

  private static let help = """
    framed-echo: messages over TCP, echoed. What is sent comes back, message by message.

    usage: framed-echo demo
           framed-echo serve [--host H] [--port P] [--framer SPEC]
                             [--selector \(SelectorKind.names("|"))] [--handler sync|async]
           framed-echo send  [--host H] [--port P] [--framer SPEC] [MESSAGE...]
           framed-echo --help | --version

      demo    a server and a client in one process, shown piece by piece
      serve   answers every message with the same bytes, until SIGINT or SIGTERM
      send    sends messages and checks that each comes back

    "framed-echo COMMAND --help" says more.

    exit status: 0 as it should be; 1 an echo differs or is missing; 64 wrong arguments;
    65 a message that the framing cannot carry; 69 no address, no server; 74 input or output
    failed
    """
}

/// What a subcommand is: made from its arguments, then run.
protocol Command: Sendable {
  /// What `--help` prints.
  static var help: String { get }
  /// Reads the arguments behind the command's name.
  init(arguments: ArraySlice<[UInt8]>) throws(Failure)
  /// Does it.
  func run() async throws(Failure) -> ExitStatus
}

/// How the process ends. The numbers from 64 on are those of `sysexits.h`.
enum ExitStatus: Int32 {
  case success = 0
  /// An echo differs from its message, or is missing.
  case different = 1
  /// Wrong arguments.
  case usage = 64
  /// A message that the framing cannot carry.
  case data = 65
  /// Nobody listens there, or nobody can.
  case unavailable = 69
  /// Standard input cannot be read, or standard output not be written.
  case inputOutput = 74
}

/// Why a command cannot do what it was told: one line, and the status to end with.
struct Failure: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }
}

/// Prints a text: what `--help` and `--version` do.
private struct PrintCommand: Command {
  static let help = ""
  let text: String

  init(text: String) { self.text = text }
  init(arguments: ArraySlice<[UInt8]>) { text = "" }

  func run() async throws(Failure) -> ExitStatus {
    Terminal.print(text)
    return .success
  }
}
