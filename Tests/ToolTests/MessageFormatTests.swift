import Framing
import Testing

@testable import FramingTool

@Suite("Printed messages")
struct MessageFormatTests {
  @Test(
    "have a line each, but for raw ones",
    arguments: [
      (.text, "hi", "#7 at byte 42: 2 bytes \"hi\"\n"),
      (.text, "", "#7 at byte 42: 0 bytes \"\"\n"),
      (.text, "\u{1B}", "#7 at byte 42: 1 byte \"\\x1b\"\n"),
      (.json, "hi", "{\"index\":7,\"offset\":42,\"wireLength\":6,\"payload\":\"6869\"}\n"),
      (.json, "", "{\"index\":7,\"offset\":42,\"wireLength\":6,\"payload\":\"\"}\n"),
      (.raw, "hi", "hi"), (.raw, "", ""),
      (.hex, "hi\n", "68690a\n"), (.hex, "", "\n"),
    ] as [(MessageFormat, String, String)])
  func message(format: MessageFormat, message: String, text: String) {
    var output = Output(to: nil)
    format.print(Array(message.utf8).span, number: 7, offset: 42, wireLength: 6, on: &output)
    #expect(output.takeText() == text)
  }

  @Test("show errors as JSON that any reader takes")
  func error() {
    var output = Output(to: nil)
    MessageFormat.print(FramingError(.malformed("a \"b\" \\ \n c", value: 7), at: .max), on: &output)
    #expect(
      output.takeText()
        == #"{"error":"malformed","offset":18446744073709551615,"description":"#
        + #""frame at byte 18446744073709551615 is malformed: a \"b\" \\ \u000a c (7, 0x07)"}"# + "\n")
  }

  @Test("have numbers of any size", arguments: [0, 9, 10, 99, 100, 12_345, .max / 10, .max] as [UInt64])
  func number(number: UInt64) {
    var output = Output(to: nil)
    output.append(number)
    #expect(output.takeText() == "\(number)")
  }

  @Test("have as many digits as their bytes, also beyond the size of a piece")
  func longHex() {
    var output = Output(to: nil)
    output.appendHex([UInt8](repeating: 0xA5, count: 100_001).span)
    #expect(output.takeText() == String(repeating: "a5", count: 100_001))
  }
}
