import Framing
import Testing

@Suite("Decoding a stream")
struct FrameDecoderTests {
  @Test("delivers whole messages, then the error, and stays failed")
  func sticky() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 1, limit: 2))
    decoder.append([1, 7, 3])
    let first = try decoder.next()
    #expect(first == [7])
    for _ in 1...2 {
      #expect(throws: FramingError(.tooLong(length: 3, limit: 2), at: 2)) { try decoder.next() }
    }
  }
}
