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
    "framing", "where a message ends in a stream of bytes",
    description: #"""
      Without FILE, or with -, standard input is read. SPEC names a framing, as lines, dns, length-prefixed:width=2 or, \#
      quoted for the shell, 'delimiter:bytes=\r\n'.
      """#,
    examples: [
      #"printf 'one\ntwo\n' | framing encode dns | framing inspect dns"#,
      #"framing decode 'delimiter:bytes=\n' notes.txt"#,
      "framing replay Fixtures",
    ],
    commands: [
      DecodeCommand.self, EncodeCommand.self, InspectCommand.self, ReplayCommand.self, FramersCommand.self,
    ])
}
