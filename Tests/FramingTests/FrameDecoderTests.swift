import Framing
import Testing

@Suite("Decoding a stream")
struct FrameDecoderTests {
  static let framer = LengthPrefixedFramer(width: 1, limit: 2)
  static let tooLong = FramingError(.tooLong(length: 3, limit: 2), at: 2)

  @Test("delivers whole messages, then the error, and stays failed")
  func sticky() throws {
    var decoder = FrameDecoder(Self.framer)
    decoder.append([1, 7, 3])
    let first = try decoder.next()
    #expect(first == [7])
    for _ in 1...2 {
      #expect(throws: Self.tooLong) { try decoder.next() }
    }
  }

  @Test("drops what comes after an error, and holds no bytes then")
  func deafAfterAnError() throws {
    var decoder = FrameDecoder(Self.framer)
    decoder.append([1, 7, 3, 1, 2, 3])
    _ = try decoder.next()
    #expect(throws: Self.tooLong) { try decoder.next() }
    decoder.append([1, 8])
    let filled = decoder.fill(room: 2) { room in
      room[0] = 1
      return 1
    }
    let (unread, offset) = (decoder.unreadCount, decoder.offset)
    #expect(filled == 1)
    #expect(unread == 0)
    #expect(offset == 2)
    #expect(throws: Self.tooLong) { try decoder.next() }
    #expect(throws: Self.tooLong) { try decoder.finish() }
  }

  @Test("hands out messages in place, then throws what comes behind them")
  func inPlace() throws {
    var decoder = FrameDecoder(Self.framer)
    decoder.append([1, 7, 0, 2, 8, 9, 1])
    var sizes: [Int] = []
    try decoder.forEachMessage { sizes.append($0.count) }
    #expect(sizes == [1, 0, 2])
    decoder.append([5, 3])
    #expect(throws: FramingError(.tooLong(length: 3, limit: 2), at: 8)) {
      try decoder.forEachMessage { sizes.append($0.count) }
    }
    #expect(sizes == [1, 0, 2, 1])
  }

  @Test("answers nil without a call while no message is whole")
  func noMessage() throws {
    var decoder = FrameDecoder(Self.framer)
    decoder.append([2, 7])
    let early: Int? = try decoder.withNextMessage { $0.count }
    decoder.append([8])
    let late: Int? = try decoder.withNextMessage { $0.count }
    #expect(early == nil)
    #expect(late == 2)
  }

  @Test("counts the bytes that were taken, that wait, and that are missing at least")
  func counts() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 2))
    let fresh = (decoder.offset, decoder.unreadCount, decoder.missingCount)
    decoder.append([0, 1, 7, 0, 5, 1])
    _ = try decoder.next()
    _ = try decoder.next()
    let later = (decoder.offset, decoder.unreadCount, decoder.missingCount)
    let unread = decoder.withUnreadBytes { [UInt8](copying: $0) }
    #expect(fresh == (0, 0, 1))
    #expect(later == (3, 3, 4))
    #expect(unread == [0, 5, 1])
  }

  @Test("receives straight into its buffer, and keeps only what was written")
  func fill() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 1))
    for chunk: [UInt8] in [[3, 1], [], [2, 3, 0]] {
      let written = decoder.fill(room: 100) { room in
        #expect(room.count >= 100)
        room.copyBytes(from: chunk)
        return chunk.count
      }
      #expect(written == chunk.count)
    }
    let messages = [try decoder.next(), try decoder.next(), try decoder.next()]
    #expect(messages == [[1, 2, 3], [], nil])
  }

  @Test("is as before when receiving fails")
  func fillThrows() throws {
    struct Reset: Error, Equatable {}
    var decoder = FrameDecoder(Self.framer)
    decoder.append([2, 7])
    #expect(throws: Reset()) {
      try decoder.fill(room: 8) { room throws(Reset) -> Int in
        room[0] = 99
        throw Reset()
      }
    }
    decoder.append([8])
    let message = try decoder.next()
    #expect(message == [7, 8])
  }

  @Test("finds a million tiny frames in one buffer")
  func millionFrames() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 1))
    decoder.append((0..<2_000_000).map { $0 & 1 == 0 ? 1 : 7 })
    var (count, sum) = (0, 0)
    try decoder.forEachMessage { message in
      count += 1
      sum += Int(message[0])
    }
    let offset = decoder.offset
    try decoder.finish()
    #expect(count == 1_000_000)
    #expect(sum == 7_000_000)
    #expect(offset == 2_000_000)
  }

  @Test("takes a frame of one megabyte byte by byte in linear time")
  func byteByByte() throws {
    let size = 1 << 20
    var decoder = FrameDecoder(DelimiterFramer("\r\n"))
    // Every CR could begin the delimiter, so a decoder that searched afresh would not come to an end.
    for _ in 0..<size {
      decoder.append(CollectionOfOne(13))
      let early: Void? = try decoder.withNextMessage { _ in }
      if early != nil { Issue.record("a message came before its delimiter") }
    }
    decoder.append([13, 10])
    let message = try decoder.next()
    #expect(message == [UInt8](repeating: 13, count: size))
  }

  /// The bytes that the decoder holds memory for, when none was taken yet.
  static func capacity<F: Framer>(of decoder: inout FrameDecoder<F>) -> Int {
    var spare = 0
    _ = decoder.fill(room: 0) { room in
      spare = room.count
      return 0
    }
    return decoder.unreadCount + spare
  }

  @Test("holds memory for the bytes that came, never for those that were announced")
  func memory() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 8, limit: .max))
    let atFirst = Self.capacity(of: &decoder)
    #expect(atFirst == 0)
    decoder.append([64, 0, 0, 0, 0, 0, 0, 0])
    for _ in 1...10 {
      decoder.append([UInt8](repeating: 0, count: 1000))
      let message = try decoder.next()
      let (capacity, unread) = (Self.capacity(of: &decoder), decoder.unreadCount)
      #expect(message == nil)
      #expect(capacity <= 2 * unread)
    }
  }

  @Test("gives back the memory that its bytes do not need")
  func shrinking() throws {
    var decoder = FrameDecoder(LengthPrefixedFramer(width: 2))
    decoder.append([3, 232] + [UInt8](repeating: 5, count: 1000) + [0, 2, 7])
    _ = try decoder.next()
    decoder.shrinkBuffer()
    let waiting = Self.capacity(of: &decoder)
    decoder.append([8])
    let message = try decoder.next()
    decoder.shrinkBuffer()
    let idle = Self.capacity(of: &decoder)
    #expect(waiting == 3)
    #expect(message == [7, 8])
    #expect(idle == 0)
  }
}
