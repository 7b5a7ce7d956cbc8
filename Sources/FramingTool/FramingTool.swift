import ToolSupport

/// The `framing` tool: streams in files, decoded, encoded, shown and replayed.
///
/// Reads the command line, runs the command, and ends with its exit status.
@main
struct FramingTool {
  static func main() async {
    Platform.endWithReader()
    let command: any Command
    do throws(Failure) {
      command = try program.command(Platform.arguments())
    } catch {
      program.report(error.message)
      Platform.exit(error.status)
    }
    Platform.exit(await program.run(command))
  }

  static let program = Program(
    "framing", help: help,
    commands: [
      ("decode", DecodeCommand.self), ("encode", EncodeCommand.self), ("inspect", InspectCommand.self),
      ("replay", ReplayCommand.self), ("framers", FramersCommand.self),
    ])

  static let help = """
    framing: where a message ends in a stream of bytes.

    usage: framing decode  SPEC [FILE] [--format text|json|raw|hex]
                           [--hex-lines] [--chunk-size N]
           framing encode  SPEC [FILE] [--format raw|hex] [--hex-lines]
           framing inspect SPEC [FILE] [--hex-lines] [--chunk-size N]
           framing replay  PATH...
           framing framers [NAME]
           framing --help | --version

      decode   prints the messages of a stream
      encode   frames each line as a message
      inspect  a hex dump that shows where each frame begins and ends
      replay   checks recorded streams, cut in every way
      framers  what SPEC can name, with options and defaults

    Without FILE, or with -, standard input is read. SPEC names a framing, as lines,
    dns, length-prefixed:width=2 or, quoted for the shell, 'delimiter:bytes=\\r\\n'.

      printf 'one\\ntwo\\n' | framing encode dns | framing inspect dns
      framing decode 'delimiter:bytes=\\n' notes.txt
      framing replay Fixtures

    "framing COMMAND --help" says more.

    exit status: 0 as it should be; 1 a replay differs; 64 wrong arguments; 65 bytes
    that break the framing, or a message that it cannot carry; 66 no such file;
    74 input or output failed
    """
}
