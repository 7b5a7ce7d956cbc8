import Testing
import ToolSupport

@Suite("Arguments")
struct ArgumentsTests {
  @Test("are options, flags and operands in any order")
  func order() throws {
    let arguments = try Self.read(["a", "--key", "1", "--flag", "-", "--other=x=y", "--", "--key", ""])
    #expect(arguments.operands.map { String(decoding: $0, as: UTF8.self) } == ["a", "-", "--key", ""])
    #expect(try arguments.integer("--key", in: 0...9) == 1)
    #expect(arguments.has("--flag"))
    #expect(arguments.text("--other") == "x=y")
  }

  @Test("that are not given are nothing")
  func missing() throws {
    let arguments = try Self.read([])
    #expect(arguments.operands.isEmpty)
    #expect(!arguments.has("--flag"))
    #expect(try arguments.integer("--key", in: 0...9) == nil)
  }

  @Test(
    "are refused if they are not known, twice there, or without their value",
    arguments: [
      (["--nope"], "unknown option \"--nope\"; test takes --key, --other, --flag, --help"),
      (["--key", "1", "--key=2"], "--key is given twice"),
      (["--flag", "--flag"], "--flag is given twice"),
      (["--key"], "--key needs a value"), (["--key="], "--key needs a value"),
      (["--flag=1"], "--flag has no value"),
    ])
  func refused(words: [String], message: String) {
    let failure = #expect(throws: Failure.self) { try Self.read(words) }
    #expect(failure?.status == .usage)
    #expect(failure?.message.hasPrefix(message) == true)
  }

  @Test(
    "are numbers of plain digits within a range",
    arguments: ["", "+1", "-1", "10", "1x", "99999999999999999999"])
  func number(text: String) {
    #expect(throws: Failure.self) { try Self.read(["--key", text]).integer("--key", in: 0...9) }
  }

  @Test(
    "are as many operands as the command takes",
    arguments: [
      ([], "test needs a FIRST; usage: program test [options] FIRST [SECOND]"),
      (["a", "b", "c"], "unexpected argument \"c\"; usage: program test [options] FIRST [SECOND]"),
    ])
  func operands(words: [String], message: String) {
    let operands = [Operand(Value("FIRST")), Operand(Value("SECOND"), .optional)]
    let failure = #expect(throws: Failure.self) { try Self.read(words, operands: operands) }
    #expect(failure?.message == message)
  }

  private static func read(
    _ words: [String], operands: [Operand] = [Operand(Value("WORD"), .any)]
  ) throws(Failure) -> Arguments {
    let syntax = CommandSyntax(
      "test", "tests", operands: operands,
      options: [Option("--key", .number, ""), Option("--other", .number, ""), Option("--flag", nil, "")],
      description: "")
    return try Arguments(words.map { Array($0.utf8) }[...], for: syntax, of: "program")
  }
}
