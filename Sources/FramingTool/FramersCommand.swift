import Framing
import ToolSupport

/// `framing framers`: what a SPEC can name.
struct FramersCommand: Command {
  static let syntax = CommandSyntax(
    "framers", "lists what SPEC can name",
    operands: [Operand(Value("NAME", .specs), .optional)],
    description: """
      Lists what SPEC can name: the framers with their options, and the presets, which stand for a framer with the \
      options that a protocol needs. With NAME, says what each option of that framer is for, or what that preset stands \
      for.
      """,
    details: [
      #"""
      A SPEC is a name, or a name with options: length-prefixed:width=2,max=512. In a value, \n \r \t \0 \\ \, \| and \xHH \#
      stand for bytes; a SPEC with a backslash or a bar has to be quoted in a shell: 'delimiter:bytes=\r\n|\n'.
      """#
    ],
    examples: ["framing framers", "framing framers length-prefixed"],
    statuses: [.inputOutput])

  private let name: String?

  init(_ arguments: Arguments) {
    name = arguments.operands.first.map { String(decoding: $0, as: UTF8.self) }
  }

  func run() throws(Failure) -> ExitStatus {
    let lines = if let name { try Self.description(of: name) } else { Self.list }
    for line in lines { Terminal.print(line) }
    return .success
  }

  // MARK: All of them

  private static var list: [String] {
    let columns = Columns(secondAt: 20)
    var lines = ["Framers, and the options of each with what they are if left out:", ""]
    for framer in FramerCatalog.framers {
      lines += columns.row(framer.specName, framer.summary, style: .strong)
      let options = FramerCatalog.options(of: framer).map { "\($0.key)=\($0.default ?? $0.form)" }
      lines += columns.row("", options.joined(separator: " "))
    }
    lines += ["", "Presets, which stand for one of them with options, as dns or kafka:max=1000000:", ""]
    for preset in FramerPreset.all { lines += columns.row(preset.name, preset.summary, style: .strong) }
    return lines + ["", "\"framing framers NAME\" says more; PROTOCOL.md has the exact bytes."]
  }

  // MARK: One of them

  private static func description(of name: String) throws(Failure) -> [String] {
    if let framer = FramerCatalog.framers.first(where: { $0.specName == name }) {
      return description(of: framer)
    }
    if let preset = FramerPreset.all.first(where: { $0.name == name }) { return description(of: preset) }
    throw Failure(
      .usage, "no framer and no preset is called \(Quote.text(name)); \"framing framers\" lists them all")
  }

  private static func description(of framer: any SpecifiedFramer.Type) -> [String] {
    let columns = Columns(secondAt: 26)
    var lines = ["\(Terminal.styled(framer.specName, .strong)): \(framer.summary)", ""]
    for option in FramerCatalog.options(of: framer) {
      let standard =
        switch option.default {
        case nil: "must be there"
        case "": "none"
        case let value?: value
        }
      lines += columns.row("  \(option.key)=\(option.form)", "\(option.meaning) (\(standard))")
    }
    return lines
  }

  private static func description(of preset: FramerPreset) -> [String] {
    let columns = Columns(secondAt: 12)
    return ["\(Terminal.styled(preset.name, .strong)): \(preset.summary)", ""]
      + columns.row("  is", preset.spec) + columns.row("  source", preset.source)
  }
}
