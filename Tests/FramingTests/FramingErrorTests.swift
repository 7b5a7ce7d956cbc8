import Framing
import Testing

@Suite("Errors in words")
struct FramingErrorTests {
  static let sentences: [(fault: FrameFault, kind: String, sentence: String)] = [
    (.tooLong(length: 70_000, limit: 65_536), "too-long", "carries 70000 bytes; the limit is 65536"),
    (
      .tooLong(length: .max, limit: .max), "too-long",
      "carries 18446744073709551615 bytes; the limit is 9223372036854775807"
    ),
    (.tooLong(length: nil, limit: 80), "too-long", "carries more than the limit of 80 bytes"),
    (
      .truncated(received: 3, expected: 6), "truncated",
      "was cut off: the stream ended after 3 of at least 6 bytes"
    ),
    (.malformed("the sky fell"), "malformed", "is malformed: the sky fell"),
    (.malformed("the sky fell", value: 7), "malformed", "is malformed: the sky fell (7, 0x07)"),
    (.unencodable("no such colour"), "unencodable", "cannot be sent: no such colour"),
    (.unencodable("no such colour", value: 0), "unencodable", "cannot be sent: no such colour (0, 0x00)"),
  ]

  @Test("say the kind, the place and the numbers", arguments: sentences)
  func sentence(fault: FrameFault, kind: String, sentence: String) {
    #expect(fault.kind.rawValue == kind)
    #expect("\(fault)" == sentence)
    #expect("\(FramingError(fault, at: 4096))" == "frame at byte 4096 \(sentence)")
  }

  @Test("have a kind for each of four names")
  func kinds() {
    #expect(
      FrameFault.Kind.allCases.map(\.rawValue) == ["too-long", "truncated", "malformed", "unencodable"])
  }

  @Test("compare reasons by their text")
  func reasons() {
    let one: FrameFault.Reason = "same"
    let other: FrameFault.Reason = "same"
    #expect(one == other)
    #expect(one.hashValue == other.hashValue)
    #expect(one != "sane")
    #expect(one != "some more")
    #expect(
      Set<FrameFault>([.malformed("same"), .malformed("same"), .malformed("same", value: 1)]).count == 2)
  }
}
