import Framing
import Testing

@Suite("Content-Length frames")
struct ContentLengthFramerTests {
  @Test("encodes the length in as few digits as it has", arguments: [0, 1, 9, 10, 99, 100, 12_345])
  func encoding(count: Int) throws {
    let message = [UInt8](repeating: 120, count: count)
    let wire = try encode([message], by: ContentLengthFramer())
    #expect(wire == bytes("Content-Length: \(count)\r\n\r\n") + message)
  }

  static let refusals: [RefusalCase<ContentLengthFramer>] = [
    .init(
      "above the limit", ContentLengthFramer(limit: 3), bytes("abcd"), .tooLong(length: 4, limit: 3)),
    .init(
      "a header block above its limit", ContentLengthFramer(headerLimit: 21),
      bytes("0123456789"), .unencodable("the header block is longer than its limit", value: 22)),
    .init(
      "a header limit that no block keeps", ContentLengthFramer(headerLimit: 1),
      [], .unencodable("the header block is longer than its limit", value: 21)),
  ]

  @Test("refuses what it would not read and leaves the output untouched", arguments: refusals)
  func refusal(refusal: RefusalCase<ContentLengthFramer>) { refusal.verify() }

  @Test("gives the same result for random bytes and random cuts")
  func randomBytes() {
    let alphabet = bytes("Content-Length: 1\r\n\r\nX:\r\n\r\n")
    verifyRandomStreams(by: ContentLengthFramer(headerLimit: 24), alphabet: alphabet, seed: 1)
    verifyRandomMessages(by: ContentLengthFramer(limit: 4), alphabet: alphabet, seed: 2)
  }
}
