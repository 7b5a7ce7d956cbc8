import Framing
import FramingTestKit
import Testing

/// The framer of the doc comment of `FramerLaws`, and of README.md.
struct ShortFramer: Framer {
  let limit: Int
  func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    let length = Int(bytes[0])
    guard length <= limit else { throw .tooLong(length: UInt64(length), limit: limit) }
    guard bytes.count > length else { return .needs(count: 1 + length - bytes.count) }
    return .frame(payload: 1..<1 + length, wireLength: 1 + length)
  }
  func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    wire.append(UInt8(payload.count))
    wire.append(payload)
  }
}

@Suite("The laws of framing")
struct FramerLawsTests {
  typealias Vice = UnlawfulFramer.Vice

  /// Each vice, and the law that it breaks.
  static let breaches: [(vice: Vice, law: FramerLaw)] = [
    (.takesNothing, .checkable),
    (.emptyFrame, .soundAnswers),
    (.longFrame, .soundAnswers),
    (.longPayload, .soundAnswers),
    (.longSkip, .soundAnswers),
    (.emptySkip, .soundAnswers),
    (.needsNothing, .soundAnswers),
    (.growingMessage, .soundAnswers),
    (.longRecovery, .soundAnswers),
    (.stuckRecovery, .soundAnswers),
    (.takesWhatCame, .bytesDecide),
    (.cutDependentFault, .bytesDecide),
    (.waitsForMore, .roundTrip),
    (.losesByte, .roundTrip),
    (.encodesDelimiter, .roundTrip),
    (.writesThenFails, .encodeAppends),
    (.clearsBuffer, .encodeAppends),
    (.refusesAsMalformed, .encodeAppends),
    (.swallowsRest, .restIsLeftAlone),
    (.takesLastEnd, .restIsLeftAlone),
    (.neverRecovers, .restIsLeftAlone),
    (.judgesLate, .limitIsEarly),
    (.neverJudges, .limitIsEarly),
    (.neverRefuses, .checkable),
    (.allowsOneMore, .roundTrip),
    (.refusesLimit, .roundTrip),
    (.writesThenRefusesLength, .encodeAppends),
    (.needsEverything, .needsNeverOverstates),
    (.overstates, .needsNeverOverstates),
    (.overstatesOnce, .needsNeverOverstates),
    (.dropsTail, .endIsJudged),
    (.deliversTail, .endIsJudged),
    (.skipsHeader, .endIsJudged),
    (.wrongStartIsFineLater, .faultsStay),
    (.keepsPosition, .startsAfresh),
    (.skipsHeader, .startsAfresh),
    (.searchesAgain, .looksOnce),
    (.sharesPosition, .copiesAreIndependent),
  ]

  private static func laws(
    _ vice: Vice, limit: Int = 300, seed: UInt64 = 1
  ) -> FramerLaws<UnlawfulFramer> {
    FramerLaws(UnlawfulFramer(vice, limit: limit), roomier: UnlawfulFramer(vice, limit: 3000), seed: seed)
  }

  @Test("each is broken by a framer with a vice, and the check says so", arguments: breaches)
  func breach(vice: Vice, law: FramerLaw) {
    let violations = Self.laws(vice).violations()
    let broken = Set(violations.map(\.law))
    #expect(broken.contains(law), "\(violations)")
    #expect(Dictionary(grouping: violations, by: \.law).values.allSatisfy { $0.count <= 2 })
  }

  @Test("the first violation is the one that says most, whatever else a vice breaks", arguments: breaches)
  func order(vice: Vice, law: FramerLaw) {
    let expected: FramerLaw =
      switch vice {
      case .takesWhatCame: .roundTrip
      case .cutDependentFault: .faultsStay
      case .needsEverything: .limitIsEarly
      case .skipsHeader: .startsAfresh
      default: law
      }
    #expect(Self.laws(vice).violations().first?.law == expected)
  }

  @Test(
    "what goes wrong only at the limit is found, with and without a roomier framer",
    arguments: [
      (Vice.allowsOneMore, FramerLaw.roundTrip), (.refusesLimit, .roundTrip),
      (.writesThenRefusesLength, .encodeAppends),
    ], [100, 1000, 4096, 69_000])
  func border(breach: (vice: Vice, law: FramerLaw), limit: Int) {
    let violations = FramerLaws(UnlawfulFramer(breach.vice, limit: limit)).violations()
    #expect(Set(violations.map(\.law)) == [breach.law], "\(violations)")
  }

  @Test(
    "a length that wraps is found, and a frame that is delivered although the end has cut it off",
    arguments: [
      (.none, nil), (.wrapsLength, .roundTrip), (.deliversTail, .endIsJudged),
      (.deliversTailWithHeader, .endIsJudged),
    ] as [(UnlawfulLengthFramer.Vice, FramerLaw?)])
  func lengths(vice: UnlawfulLengthFramer.Vice, law: FramerLaw?) {
    let messages: [[UInt8]] = [[0, 0], [0, 4, 0x61, 0x62, 0x63, 0x64]]
    let violations = FramerLaws(UnlawfulLengthFramer(vice), messages: messages).violations()
    #expect(Set(violations.map(\.law)) == Set([law].compactMap(\.self)), "\(violations)")
  }

  @Test("what stands before a missing end mark may be delivered, but only as it came")
  func tails() {
    #expect(Set(Self.laws(.deliversTail).violations().map(\.law)) == [.endIsJudged])
    #expect(FramerLaws(LineFramer(finalFrame: .deliver)).violations() == [])
  }

  @Test("a limit that `scan` does not judge is found with a roomier framer, and only then")
  func withoutRoomier() {
    #expect(FramerLaws(UnlawfulFramer(.neverJudges)).violations() == [])
    #expect(Set(Self.laws(.neverJudges).violations().map(\.law)) == [.limitIsEarly])
  }

  @Test("a limit that `encode` does not judge is called by its name")
  func neverRefuses() throws {
    let violation = try #require(Self.laws(.neverRefuses).violations().first)
    #expect(violation.law == .checkable)
    #expect(
      violation.came == "none: `encode` refused none of 0 to 70000 bytes: does it judge the limit?")
    let far = FramerLaws(UnlawfulFramer(.none, limit: 5000), roomier: UnlawfulFramer(.none, limit: 9000))
    #expect(far.violations().map(\.came) == ["none: `encode` refuses 5001 bytes and more, no fewer"])
    let same = FramerLaws(UnlawfulFramer(.none, limit: 50), roomier: UnlawfulFramer(.none, limit: 50))
    #expect(
      same.violations().map(\.came) == [
        "none: `encode` refuses 51 bytes, but not with `tooLong`, or the roomier one does, too"
      ])
  }

  @Test("none is broken by the same framer without a vice", arguments: [0, 1, 16, 300, 2000])
  func lawful(limit: Int) {
    let violations = Self.laws(.none, limit: limit).violations()
    #expect(violations == [])
  }

  @Test("none is broken by the framer of the documentation", arguments: [1, 2, 3] as [UInt64])
  func documented(seed: UInt64) {
    let laws = FramerLaws(ShortFramer(limit: 100), roomier: ShortFramer(limit: 200), seed: seed)
    #expect(laws.violations() == [])
    #expect(FramerLaws(ShortFramer(limit: 255), seed: seed).violations() == [])
  }

  @Test("a violation says what was tried, what came, and what to do, a line each")
  func wording() throws {
    let violation = try #require(
      Self.laws(.losesByte).violations().first { $0.law == .roundTrip && $0.expected.contains("message") })
    #expect(
      violation.description == """
        roundTrip: What is encoded decodes to itself, as soon as its last byte is there.
          with the message "a", encoded as 02 61 03, whole
          expected that message, and no byte left
          came the message "" (frame of 3 bytes at 0)
          what to do: let `encode` refuse what `scan` would not give back, and let `scan` answer at the last byte \
        of the frame
        """)
  }

  @Test("messages and streams of the user's are checked, too")
  func given() {
    let header: [UInt8] = [0x02, 0x62, 0x03]
    let framer = LengthPrefixedFramer(width: 1, offset: 1, strip: 0, limit: 16, magic: [0x7E])
    #expect(FramerLaws(framer).violations().map(\.law) == [.checkable])
    #expect(FramerLaws(framer, messages: [[0x7E, 1, 0x61], [0x7E, 0]]).violations() == [])
    #expect(FramerLaws(UnlawfulFramer(.none), streams: [header + header, [], [0]]).violations() == [])
    let long = [UInt8](repeating: 0x02, count: 700) + header
    #expect(FramerLaws(UnlawfulFramer(.none), streams: [long]).violations() == [])
  }

  @Test("every law is shown to be broken by some framer, and every vice is one")
  func coverage() {
    #expect(Set(Self.breaches.map(\.law)) == Set(FramerLaw.allCases))
    #expect(Set(Self.breaches.map(\.vice)).union([.none]) == Set(Vice.allCases))
  }

  @Test("the same seed gives the same verdict, and another one tries other bytes")
  func seeds() {
    for vice in [Vice.takesWhatCame, .keepsPosition, .stuckRecovery, .sharesPosition] {
      #expect(Self.laws(vice, seed: 7).violations() == Self.laws(vice, seed: 7).violations())
    }
    #expect(
      Self.laws(.takesWhatCame, seed: 1).violations() != Self.laws(.takesWhatCame, seed: 2).violations())
  }
}
