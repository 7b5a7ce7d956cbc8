import Framing
import Testing
import ToolSupport

@Suite("Text for people")
struct TextTests {
  @Test(
    "quotes bytes so that nothing is invisible, and a line stays a line",
    arguments: [
      ("", "\"\""), ("hi", "\"hi\""), ("a\"b\\\n\r\t", "\"a\\\"b\\\\\\n\\r\\t\""),
      ("\u{0}\u{7F}", "\"\\x00\\x7f\""),
      ("naïve 🙂", "\"naïve 🙂\""), ("\u{202E}", "\"\\xe2\\x80\\xae\""),
      (String(repeating: "a", count: 40), "\"" + String(repeating: "a", count: 40) + "\""),
      (String(repeating: "a", count: 41), "\"" + String(repeating: "a", count: 40) + "\"..."),
      // Not in the middle of a character.
      (String(repeating: "a", count: 39) + "é", "\"" + String(repeating: "a", count: 39) + "\"..."),
    ])
  func quote(text: String, quoted: String) {
    #expect(Quote.text(text) == quoted)
  }

  @Test("quotes what is not UTF-8 byte by byte")
  func quoteBytes() {
    #expect(Quote.bytes([0x61, 0xC3, 0xA9, 0xFF]) == "\"a\\xc3\\xa9\\xff\"")
    #expect(Quote.counted([0xFF]) == "1 byte \"\\xff\"")
  }

  @Test("quotes of what is long the part that matters")
  func quotePart() {
    let bytes = Array((String(repeating: "é", count: 40) + "hello").utf8)
    #expect(Quote.counted(bytes.span, near: 29) == Quote.counted(bytes))
    #expect(Quote.counted(bytes.span, near: 30) == "85 bytes ...\"\(String(repeating: "é", count: 20))\"...")
    #expect(Quote.counted(bytes.span, near: 31) == "85 bytes ...\"\(String(repeating: "é", count: 20))\"...")
    #expect(Quote.counted(bytes.span, near: 84) == "85 bytes ...\"\(String(repeating: "é", count: 3))hello\"")
    #expect(Quote.counted(bytes.span, near: 85) == "85 bytes ...\"\(String(repeating: "é", count: 3))hello\"")
  }

  @Test("shows a path as it is, unless that cannot be")
  func path() {
    #expect(Quote.path(Array("Fixtures/ü b.frames".utf8)) == "Fixtures/ü b.frames")
    #expect(Quote.path(Array("a\nb".utf8)) == "\"a\\nb\"")
  }

  @Test("breaks lines between words, and nowhere else")
  func columns() {
    let columns = Columns(secondAt: 6, width: 16)
    #expect(columns.row("a", "one two three four") == ["a     one two", "      three four"])
    #expect(columns.row("a", "") == ["a"])
    #expect(columns.row("longer", "one") == ["longer", "      one"])
    #expect(columns.row("a", "a-very-long-word b") == ["a     a-very-long-word", "      b"])
    #expect(Columns(secondAt: 0, width: 10).row("", "one two three") == ["one two", "three"])
  }
}
