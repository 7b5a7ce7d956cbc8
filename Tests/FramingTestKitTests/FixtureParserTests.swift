import Framing
import FramingTestKit
import Testing

@Suite("Reading fixtures")
struct FixtureParserTests {
  @Test("reads every kind of line")
  func everyLine() throws {
    let fixture = try Fixture(
      """
      # The limit is judged on the prefix.
      #PROTOCOL.md, "Length-prefixed"
      framer length-prefixed:width=1,max=16

      > 02 "hi" 00\t\t# one message and an empty one
      < "hi"
      <
      > 40
      ! too-long at=4 length=64 limit=16
      > FF
      """, name: "limit.frames")
    let error = ExpectedError(.tooLong, at: 4, numbers: [.length: 64, .limit: 16])
    #expect(fixture.name == "limit.frames")
    #expect(fixture.title == "The limit is judged on the prefix.")
    #expect(fixture.comments.last == "PROTOCOL.md, \"Length-prefixed\"")
    #expect(fixture.framer == FramerSpec(LengthPrefixedFramer(width: 1, limit: 16)))
    #expect(
      fixture.steps == [
        .init(.chunk([2, 0x68, 0x69, 0]), line: 5), .init(.message([0x68, 0x69]), line: 6),
        .init(.message([]), line: 7), .init(.chunk([0x40]), line: 8), .init(.error(error), line: 9),
        .init(.chunk([0xFF]), line: 10),
      ])
    #expect(fixture.errors == [error])
    #expect(!fixture.ends && !fixture.encodes)
  }

  @Test("reads the end, what comes behind it, and files with CR LF")
  func end() throws {
    let fixture = try Fixture(
      "framer close-terminated\r\nencodes\r\n> \"a\"\r\nend # bye\r\n< \"a\"\r\n", name: "end.frames")
    #expect(fixture.ends && fixture.encodes)
    #expect(fixture.chunks == [[0x61]])
    #expect(fixture.messages == [[0x61]])
    #expect(fixture.errors.isEmpty && fixture.title.isEmpty)
  }

  @Test("reads on behind a frame that is too long, as the framer may leave it out")
  func goingOn() throws {
    let fixture = try Fixture(
      """
      framer lines:max=3,on-too-long=discard
      > "long\\nhi\\nlonger"
      ! too-long at=0
      < "hi"
      ! too-long at=8
      > "\\nbye"
      end
      < "bye"
      """, name: "errors.frames")
    #expect(fixture.errors == [ExpectedError(.tooLong, at: 0), ExpectedError(.tooLong, at: 8)])
    #expect(fixture.messages == [Array("hi".utf8), Array("bye".utf8)])
    #expect(fixture.ends)
  }

  static let items: [(text: String, bytes: [UInt8])] = [
    ("00", [0]),
    ("0aFf", [10, 255]),
    ("0a Ff", [10, 255]),
    (#""hi""#, [0x68, 0x69]),
    (#""a # b" # comment"#, [0x61, 0x20, 0x23, 0x20, 0x62]),
    (#""\n\r\t\0\\\"\xfF""#, [10, 13, 9, 0, 0x5C, 0x22, 0xFF]),
    ("\"é\"", [0xC3, 0xA9]),  // text is UTF-8
    ("00*3", [0, 0, 0]),
    ("0102*2", [1, 2, 1, 2]),
    (#""ab"*2 03"#, [0x61, 0x62, 0x61, 0x62, 3]),
    (#""" 01"#, [1]),
  ]

  @Test("reads hex pairs, text with escapes, and repeats", arguments: items)
  func bytes(item: (text: String, bytes: [UInt8])) throws {
    let fixture = try Fixture("framer close-terminated\n> \(item.text)", name: "items")
    #expect(fixture.chunks == [item.bytes])
  }

  @Test("reads large repeats")
  func largeRepeat() throws {
    let fixture = try Fixture("framer close-terminated\n> 00*16777216", name: "large")
    let counts = fixture.chunks.map(\.count)
    #expect(counts == [16_777_216])
  }

  static let errors: [(text: String, error: ExpectedError)] = [
    ("too-long at=0", ExpectedError(.tooLong, at: 0)),
    ("too-long limit=3 at=1", ExpectedError(.tooLong, at: 1, numbers: [.limit: 3])),
    (
      "too-long at=1 length=18446744073709551615",
      ExpectedError(.tooLong, at: 1, numbers: [.length: .max])
    ),
    (
      "truncated at=1 received=2 expected=3 # comment",
      ExpectedError(.truncated, at: 1, numbers: [.received: 2, .expected: 3])
    ),
    (
      #"malformed at=1 reason="say \"why\"" value=7"#,
      ExpectedError(.malformed, at: 1, numbers: [.value: 7], reason: "say \"why\"")
    ),
  ]

  @Test(
    "reads errors with any of their numbers, and prints them so that they read the same", arguments: errors)
  func error(line: (text: String, error: ExpectedError)) throws {
    for text in [line.text, line.error.description] {
      let fixture = try Fixture("framer close-terminated\n> 00\nend\n! \(text)", name: "errors")
      #expect(fixture.errors == [line.error])
    }
  }

  static let refusals: [(text: String, line: Int, problem: String)] = [
    ("", 1, #"expected "framer SPEC" before anything but comments"#),
    ("# only\n# comments\n", 2, #"expected "framer SPEC" before anything but comments"#),
    ("# first\n> 00\nframer slip", 2, #"expected "framer SPEC" before anything but comments"#),
    ("framer close-terminated\n", 1, #"nothing happens; a fixture has a chunk (">") or an "end""#),
    ("framer close-terminated\nencodes", 2, #"nothing happens; a fixture has a chunk (">") or an "end""#),
    ("framer close-terminated\nframer close-terminated", 2, "a second framer; a fixture has one"),
    (
      "framer fixed-length:size=x", 1,
      #"framer "fixed-length:size=x", character 19: size is a whole number, 1 or more; not "x""#
    ),
    (
      "framer close-terminated\n>00", 2,
      #"unknown line ">00"; a line begins with one of #, framer SPEC, >, <, !, end, encodes"#
    ),
  ]

  static let bodies: [(text: String, line: Int, problem: String)] = [
    (">", 2, "an empty chunk; nothing arrives, so it says nothing"),
    ("> \"\" # nothing", 2, "an empty chunk; nothing arrives, so it says nothing"),
    ("> 0", 2, #"an odd number of hex digits, "0"; a byte has two"#),
    ("> 00 hi", 2, #"an item is pairs of hex digits or "text", each with *COUNT or without; not "hi""#),
    ("> \"hi", 2, "a quote is opened and not closed"),
    ("> \"\\q\"", 2, #"unknown escape; known are \n \r \t \0 \\ \" and \xHH"#),
    ("> \"\\x0\"", 2, #"unknown escape; known are \n \r \t \0 \\ \" and \xHH"#),
    ("> \"\\", 2, #"unknown escape; known are \n \r \t \0 \\ \" and \xHH"#),
    ("> \"a\"00", 2, #"expected a blank before "00""#),
    ("> 00xyz", 2, #"expected a blank before "xyz""#),
    ("> 00*0", 2, #"the count behind * is a whole number from 1; not "0""#),
    ("> 00*-1", 2, #"the count behind * is a whole number from 1; not "-1""#),
    ("> 00*", 2, #"the count behind * is a whole number from 1; not """#),
    ("> 00*16777217", 2, "a line stands for at most 16777216 bytes"),
    ("> 0000*9223372036854775807", 2, "a line stands for at most 16777216 bytes"),
    ("> 00*16777216 00", 2, "a line stands for at most 16777216 bytes"),
    ("< 00", 2, #"nothing has arrived yet; expected a chunk (">") or "end" before"#),
    ("! malformed at=0", 2, #"nothing has arrived yet; expected a chunk (">") or "end" before"#),
    ("end\n> 00", 3, #"a chunk behind "end"; there can only be messages, or an error"#),
    ("end\nend", 3, "a second end; a stream has one"),
    ("end now", 2, #"nothing can follow "end" but a comment; not "now""#),
    ("encodes\nencodes", 3, "encodes is there twice"),
    ("encodes all", 2, #"nothing can follow "encodes" but a comment; not "all""#),
    ("> 00\n! oops at=0", 3, #"unknown kind of error "oops"; known are too-long, truncated, malformed"#),
    (
      "> 00\n! unencodable at=0", 3,
      #"unknown kind of error "unencodable"; known are too-long, truncated, malformed"#
    ),
    ("> 00\n! too-long limit=1", 3, "an error needs at=N, the offset of the first byte of its frame"),
    ("> 00\n! too-long at=1 size=1", 3, #"too-long has no "size"; it has at, length, limit"#),
    ("> 00\n! too-long at=1 reason=\"a\"", 3, #"too-long has no "reason"; it has at, length, limit"#),
    ("> 00\n! malformed at=1 limit=1", 3, #"malformed has no "limit"; it has at, value, reason"#),
    ("> 00\n! too-long at=1 at=1", 3, "at is there twice"),
    ("> 00\n! too-long at=1 limit=1 limit=1", 3, "limit is there twice"),
    ("> 00\n! too-long at=+1", 3, #"at is a whole number, 0 to 18446744073709551615; not "+1""#),
    ("> 00\n! too-long at=-0", 3, #"at is a whole number, 0 to 18446744073709551615; not "-0""#),
    ("> 00\n! too-long at=", 3, #"at is a whole number, 0 to 18446744073709551615; not """#),
    ("> 00\n! too-long at", 3, #"expected key=value; not "at""#),
    ("> 00\n! malformed at=0 reason=why", 3, #"reason is a text in quotes; not "why""#),
    ("> 00\n! truncated at=0", 3, #"truncated before "end"; only the end of the stream cuts a frame off"#),
    (
      "encodes\n> 00\n! too-long at=0", 4,
      #"an error in a stream that "encodes"; no encoder makes such bytes"#
    ),
    (
      "> 00\n! too-long at=0\nencodes", 4,
      #""encodes" in a stream with an error; no encoder makes such bytes"#
    ),
    ("> 00\n! malformed at=0\n< 00", 4, "malformed" + isFinal),
    ("> 00\n! malformed at=0\n! too-long at=0", 4, "malformed" + isFinal),
    ("> 00\n! malformed at=0\n> 00\nend", 5, "malformed" + isFinal),
    ("end\n! truncated at=0\n<", 4, "truncated" + isFinal),
    ("> 00\n! too-long at=0\n! malformed at=1\n<", 5, "malformed" + isFinal),
  ]
  static let isFinal = #" is final; behind it there can only be chunks (">"), which lead to nothing"#

  @Test("refuses what cannot be right, with the line and what is allowed there", arguments: refusals)
  func refusal(of text: String, line: Int, problem: String) {
    #expect(throws: FixtureError(name: "name.frames", line: line, problem: problem)) {
      try Fixture(text, name: "name.frames")
    }
  }

  @Test("refuses the same behind a good first line", arguments: bodies)
  func refusal(ofBody text: String, line: Int, problem: String) {
    refusal(of: "framer close-terminated\n" + text, line: line, problem: problem)
  }

  @Test("says name, line and problem in one line")
  func sentence() {
    let error = FixtureError(name: "slip/empty.frames", line: 12, problem: "encodes is there twice")
    #expect(error.description == "slip/empty.frames:12: encodes is there twice")
  }

  @Test("survives any text", arguments: 1...20)
  func hostileText(seed: UInt64) {
    let good = [UInt8]("# a\nframer close-terminated\n> 00*3 \"a\\x00\" # b\nend\n! truncated at=1\n".utf8)
    var generator = SeededGenerator(seed: seed)
    for _ in 1...100 {
      var text = good
      for _ in 1...3 {
        text[Int.random(in: text.indices, using: &generator)] = good.randomElement(using: &generator) ?? 0
      }
      text.removeLast(Int.random(in: 0...20, using: &generator))
      do throws(FixtureError) {
        _ = try Fixture(String(decoding: text, as: UTF8.self), name: "hostile")
      } catch {
        #expect(!error.problem.isEmpty && error.line >= 1, "seed \(seed)")
      }
    }
  }
}
