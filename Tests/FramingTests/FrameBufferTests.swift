import Framing
import Testing

@Suite("The buffer of bytes")
struct FrameBufferTests {
  static func contents(of buffer: borrowing FrameBuffer) -> [UInt8] {
    buffer.withBytes { [UInt8](copying: $0) }
  }

  @Test("holds no memory before its first byte, and none after the last if asked to")
  func empty() {
    var buffer = FrameBuffer()
    let fresh = (buffer.count, buffer.isEmpty, buffer.capacity)
    buffer.append(7)
    let one = (buffer.count, buffer.isEmpty)
    buffer.removeAll(keepingCapacity: true)
    let kept = (buffer.count, buffer.capacity > 0)
    buffer.removeAll()
    let gone = (buffer.count, buffer.capacity)
    #expect(fresh == (0, true, 0))
    #expect(one == (1, false))
    #expect(kept == (0, true))
    #expect(gone == (0, 0))
    #expect(Self.contents(of: buffer).isEmpty)
  }

  @Test("appends at the back and removes at both ends")
  func order() {
    var buffer = FrameBuffer(capacity: 4)
    buffer.append([1, 2, 3])
    buffer.append([4, 5].span)
    buffer.append((6...8).reversed())
    buffer.removeFirst(2)
    buffer.removeLast(1)
    let contents = Self.contents(of: buffer)
    #expect(contents == [3, 4, 5, 8, 7])
  }

  @Test("writes the low bytes of an integer in both orders", arguments: 1...8)
  func integers(width: Int) {
    let all: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    var buffer = FrameBuffer()
    buffer.append(0x0102_0304_0506_0708, width: width)
    buffer.append(0x0102_0304_0506_0708, width: width, endianness: .little)
    let contents = Self.contents(of: buffer)
    #expect(contents == all.suffix(width) + all.suffix(width).reversed())
  }

  @Test("stays right while bytes come and go in random numbers")
  func model() {
    var generator = SeededGenerator(seed: 5)
    var buffer = FrameBuffer()
    var model: [UInt8] = []
    for _ in 0..<5000 {
      let size = Int.random(in: 0...200, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0, 1:
        let chunk = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
        buffer.append(chunk)
        model += chunk
      case 2:
        buffer.removeFirst(min(2 * size, model.count))
        model.removeFirst(min(2 * size, model.count))
      default:
        if size % 20 == 0 { buffer.shrink() }
      }
      let contents = Self.contents(of: buffer)
      guard contents == model else {
        Issue.record("the buffer and its model differ")
        return
      }
    }
  }

  @Test("does not grow while as much is taken as comes")
  func steadyState() {
    var buffer = FrameBuffer()
    buffer.append([UInt8](repeating: 0, count: 50))
    for _ in 0..<1000 {
      buffer.append([UInt8](repeating: 1, count: 40))
      buffer.removeFirst(40)
    }
    let (count, capacity) = (buffer.count, buffer.capacity)
    #expect(count == 50)
    #expect(capacity <= 256)
  }

  @Test("gives back what its bytes do not need")
  func shrinking() {
    var buffer = FrameBuffer(capacity: 1000)
    buffer.append([1, 2, 3])
    buffer.removeFirst(1)
    buffer.shrink()
    let (capacity, contents) = (buffer.capacity, Self.contents(of: buffer))
    #expect(capacity == 2)
    #expect(contents == [2, 3])
  }

  @Test("offers at least the room that was asked for, and keeps what was written")
  func filling() {
    var buffer = FrameBuffer()
    buffer.append([1])
    let written = buffer.fill(room: 3000) { room in
      #expect(room.count >= 3000)
      room[0] = 2
      room[1] = 3
      return 2
    }
    let contents = Self.contents(of: buffer)
    #expect(written == 2)
    #expect(contents == [1, 2, 3])
  }

  @Test("moves to another owner with its bytes")
  func moving() async {
    var buffer = FrameBuffer()
    buffer.append([1, 2])
    let moved = buffer
    let contents = Self.contents(of: moved)
    #expect(contents == [1, 2])
  }
}
