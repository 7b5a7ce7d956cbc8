import Framing
import FramingTestKit
import Testing

@Suite("Replaying fixtures")
struct FixtureReplayTests {
  static let texts = [
    """
    framer length-prefixed:width=1,max=5
    > 02 "h"
    > "i" 03 "abc" 01
    < "hi"
    < "abc"
    > "x" 06
    < "x"
    ! too-long at=9 length=6 limit=5
    > 07 00
    """,
    """
    framer length-prefixed:width=1,max=5
    > 02 "hi" 03 "a"
    < "hi"
    end
    ! truncated at=3 received=2 expected=4
    """,
    """
    framer length-prefixed:width=1,max=5
    > 02 "hi"
    < "hi"
    > 00
    <
    end
    encodes
    """,
  ]

  /// What comes of frames that are left out, and of an error that is final.
  static let discarding = """
    framer length-prefixed:width=1,adjust=-1,max=5,on-too-long=discard
    > 03 "hi" 07
    < "hi"
    ! too-long at=3 length=6 limit=5
    > "abcdef" 09
    ! too-long at=10 length=8 limit=5
    > "ghijklmn" 02
    > "o" 00
    < "o"
    ! malformed at=21 value=0
    > 01
    """

  @Test("goes on behind a frame that is left out, and not behind a final error")
  func discarding() throws {
    let fixture = try Fixture(Self.discarding, name: "good")
    for replay in [FixtureReplay(fixture), FixtureReplay(fixture, framer: DiscardingFramer(.none))] {
      let mismatches = replay.mismatches()
      #expect(mismatches.isEmpty)
    }
  }

  static let discardComplaints: [(bug: DiscardingFramer.Bug, complaint: String)] = [
    (
      .final,
      "bad:6, as written: expected the error too-long at=10 length=8 limit=5 after 11 bytes, not later; came nothing"
    ),
    (
      .headerOnly,
      "bad:6, as written: expected the error too-long at=10 length=8 limit=5; came the error too-long at=4"
    ),
    (
      .nothing,
      "bad:6, as written: expected the error too-long at=10 length=8 limit=5 after 11 bytes, not later; came nothing"
    ),
    (
      .malformed,
      #"bad, as written: expected nothing more; came the message "" after 23 bytes"#
    ),
  ]

  @Test("catches what can go wrong in leaving a frame out", arguments: discardComplaints)
  func discardComplaint(bug: DiscardingFramer.Bug, complaint: String) throws {
    let fixture = try Fixture(Self.discarding, name: "bad")
    let found = FixtureReplay(fixture, framer: DiscardingFramer(bug)).mismatches().map(\.description)
    #expect(found.contains { $0.hasPrefix(complaint) }, "\(found.prefix(3))")
  }

  @Test("compares each of several errors under all chunkings")
  func severalErrors() throws {
    let fixture = try Fixture(
      """
      framer length-prefixed:width=1,adjust=-1,max=5,on-too-long=discard
      > 07 "abcdef"
      ! too-long at=0
      > 09 "g"
      ! too-long at=7
      """, name: "open")
    let found = FixtureReplay(fixture, framer: DiscardingFramer(.cutDependentError)).mismatches()
    #expect(
      found.first?.description
        == "open:5, byte by byte: expected the same error as written gives, too-long at=7 length=2 limit=5; "
        + "came the error too-long at=7 length=1 limit=5 after 8 bytes")
  }

  private static func replays(_ bug: BrokenFramer.Bug) throws -> [FixtureReplay] {
    try texts.enumerated().map { index, text in
      FixtureReplay(try Fixture(text, name: "fixture \(index + 1)"), framer: BrokenFramer(bug))
    }
  }

  @Test("finds nothing to complain of in framers that do as written")
  func good() throws {
    for text in Self.texts {
      let mismatches = FixtureReplay(try Fixture(text, name: "good")).mismatches()
      #expect(mismatches.isEmpty)
    }
    let mismatches = try Self.replays(.none).flatMap { $0.mismatches() }
    #expect(mismatches.isEmpty)
  }

  /// The bug, the fixture that shows it, and the first complaint.
  static let complaints: [(bug: BrokenFramer.Bug, fixture: Int, complaint: String)] = [
    (
      .shortPayload, 1,
      #"fixture 1:4, as written: expected the message "hi"; came the message "h" after 8 bytes"#
    ),
    (.longFrame, 1, #"fixture 1:5, as written: expected the message "abc"; came the error too-long"#),
    (.late, 3, #"fixture 3:3, as written: expected the message "hi" after 3 bytes, not later; came nothing"#),
    (
      .lateAfterCut, 3,
      #"fixture 3:3, byte by byte: expected the message "hi" after 3 bytes, not later; came nothing"#
    ),
    (.early, 1, #"fixture 1:4, as written: expected the message "hi"; came the message "h" after 2 bytes"#),
    (
      .truncatedEarly, 2,
      "fixture 2:5, as written: expected the error truncated at=3 received=2 expected=4 at the end of the stream, "
        + "not sooner; came it after 5 bytes"
    ),
    (
      .cutDependent, 1,
      #"fixture 1:4, as written: expected the message "hi"; came the message "h" after 2 bytes"#
    ),
    (
      .cutDependent, 3,
      #"fixture 3:3, cut at 2: expected the message "hi"; came the message "h" after 2 bytes"#
    ),
    (
      .cutDependentError, 1,
      "fixture 1:8, as written: expected the error too-long at=9 length=6 limit=5; came the error too-long at=9 length=1"
    ),
    (
      .wrongOffset, 1,
      "fixture 1:8, as written: expected the error too-long at=9 length=6 limit=5 after 10 bytes"
    ),
    (
      .wrongNumber, 1,
      "fixture 1:8, as written: expected the error too-long at=9 length=6 limit=5; came the error"
    ),
    (
      .noLimit, 1,
      "fixture 1:8, as written: expected the error too-long at=9 length=6 limit=5 after 10 bytes, not later"
    ),
    (
      .lateLimit, 1,
      "fixture 1:8, as written: expected the error too-long at=9 length=6 limit=5 after 10 bytes, not"
    ),
    (
      .deliversTail, 2,
      "fixture 2:5, as written: expected the error truncated at=3 received=2 expected=4; came the message"
    ),
    (
      .dropsTail, 2,
      "fixture 2:5, as written: expected the error truncated at=3 received=2 expected=4 at the end of"
    ),
    (.wrongEncoding, 3, #"fixture 3, encoding: expected 02 68 69 00 from byte 0; came 03 68 69 01"#),
    (
      .noEncoding, 3,
      #"fixture 3, encoding: expected the message "hi" to be encoded; came frame at byte 0 cannot be"#
    ),
  ]

  @Test("catches a bug and says where", arguments: complaints)
  func complaint(bug: BrokenFramer.Bug, fixture: Int, complaint: String) throws {
    let found = try Self.replays(bug)[fixture - 1].mismatches().map(\.description)
    #expect(found.contains { $0.hasPrefix(complaint) }, "\(found.prefix(3))")
  }

  @Test("catches every bug that there is")
  func allBugs() {
    #expect(Set(Self.complaints.map(\.bug)).count == BrokenFramer.Bug.allCases.count - 1)
  }

  @Test("compares errors under all chunkings, also the numbers that the fixture leaves open")
  func openNumbers() throws {
    let fixture = try Fixture(
      """
      framer length-prefixed:width=1,max=5
      > 06 07
      ! too-long at=0
      """, name: "open")
    let replay = FixtureReplay(fixture, framer: BrokenFramer(.cutDependentError))
    #expect(replay.mismatch(under: .asWritten) == nil && replay.mismatch(under: .bytewise) == nil)
    let found = replay.mismatches().first?.description
    #expect(
      found
        == "open:3, byte by byte: expected the same error as written gives, too-long at=0 length=2 limit=5; "
        + "came the error too-long at=0 length=1 limit=5 after 1 byte")
  }

  static let wrongFixtures: [(text: String, complaint: String)] = [
    ("> 01 \"a\"", #"wrong, as written: expected nothing more; came the message "a" after 2 bytes"#),
    (
      "> 01\n< \"a\"\n> \"a\"",
      #"wrong:3, as written: expected the message "a" after 1 byte, not later; came nothing"#
    ),
    (
      "> 01 \"a\"\n> 00\n< \"a\"\n<",
      #"wrong:4, as written: expected the message "a" after 3 bytes, not sooner; came it after 2 bytes"#
    ),
    (
      "> 01\nend",
      "wrong, as written: expected nothing more; came the error truncated at=0 received=1 expected=2 at"
    ),
    (
      "end\n<",
      #"wrong:3, as written: expected the message "" at the end of the stream, not later; came nothing"#
    ),
    (
      "> 09\n! malformed at=0",
      "wrong:3, as written: expected the error malformed at=0; came the error too-long at=0"
    ),
    (
      "> 09\n! too-long at=1",
      "wrong:3, as written: expected the error too-long at=1; came the error too-long at=0"
    ),
    ("> 00\n<\nencodes\n> 01", "wrong, encoding: expected 01 from byte 1; came nothing more"),
    (
      "> 80*40\n! too-long at=1",
      "wrong:3, as written: expected the error too-long at=1; came the error too-long at=0"
    ),
  ]

  @Test("catches fixtures that say too little, too much, or at the wrong time", arguments: wrongFixtures)
  func wrongFixture(text: String, complaint: String) throws {
    let fixture = try Fixture("framer length-prefixed:width=1,max=5\n" + text, name: "wrong")
    let found = FixtureReplay(fixture).mismatches().map(\.description)
    #expect(found.contains { $0.hasPrefix(complaint) }, "\(found.prefix(3))")
  }

  @Test("replays one chunking alone")
  func oneChunking() throws {
    let replay = try Self.replays(.lateAfterCut)[2]
    #expect(replay.mismatch(under: .whole) == nil)
    let mismatch = replay.mismatch(under: .bytewise)
    #expect(mismatch?.line == 3)
    #expect(mismatch?.chunking == .bytewise)
  }
}
