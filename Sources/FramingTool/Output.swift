import Framing
import ToolSupport

/// What goes to standard output: gathered, and written in large pieces.
///
/// Memory stays small however much is printed. What cannot be written is dropped from then on, and the next
/// ``flush()`` says so.
struct Output: ~Copyable {
  private static let size = 1 << 16

  private let descriptor: CInt?
  private var buffer = FrameBuffer()
  private var failure: ErrorNumber?

  /// Output to a descriptor; with `nil` it is only gathered.
  init(to descriptor: CInt?) { self.descriptor = descriptor }

  /// Calls `body` with standard output, and writes what it printed, also if it throws.
  static func standard<Result>(
    _ body: (inout Output) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var output = Output(to: Platform.outputDescriptor)
    do throws(Failure) {
      let result = try body(&output)
      try output.flush()
      return result
    } catch {
      try output.flush()
      throw error
    }
  }

  // MARK: Bytes and text

  /// Appends a byte.
  mutating func append(_ byte: UInt8) {
    buffer.append(byte)
    drainIfFull()
  }

  /// Appends bytes.
  mutating func append(_ bytes: Span<UInt8>) {
    guard bytes.count >= Self.size, let descriptor else {
      buffer.append(bytes)
      return drainIfFull()
    }
    // Too many to be worth a copy.
    drain()
    if failure == nil { failure = Self.write(bytes, to: descriptor) }
  }

  /// Appends text.
  mutating func append(_ text: String) {
    buffer.append(text.utf8)
    drainIfFull()
  }

  /// Appends a number in decimal digits.
  mutating func append(_ number: UInt64) {
    // Without making a text: there are several numbers for each message.
    var count = 1
    var rest = number / 10
    while rest > 0 {
      count += 1
      rest /= 10
    }
    _ = buffer.fill(room: count) { room in
      var rest = number
      for index in (0..<count).reversed() {
        room[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      return count
    }
    drainIfFull()
  }

  /// Appends bytes as pairs of lower-case hex digits.
  mutating func appendHex(_ bytes: Span<UInt8>) {
    var rest = bytes
    while !rest.isEmpty {
      let part = rest.extracting(first: Self.size / 2)
      rest = rest.extracting(droppingFirst: part.count)
      _ = buffer.fill(room: part.count * 2) { room in
        for index in part.indices {
          room[2 * index] = Quote.digit(part[index] >> 4)
          room[2 * index + 1] = Quote.digit(part[index] & 15)
        }
        return part.count * 2
      }
      drainIfFull()
    }
  }

  // MARK: Out

  /// Writes what was gathered.
  mutating func flush() throws(Failure) {
    drain()
    if let failure { throw Failure(.inputOutput, "standard output cannot be written: \(failure)") }
  }

  /// Removes and answers what was gathered.
  mutating func takeText() -> String {
    defer { buffer.removeAll() }
    return buffer.withBytes { bytes in bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
  }

  private mutating func drainIfFull() {
    if buffer.count >= Self.size { drain() }
  }

  private mutating func drain() {
    guard let descriptor, !buffer.isEmpty else { return }
    if failure == nil { failure = buffer.withBytes { bytes in Self.write(bytes, to: descriptor) } }
    buffer.removeAll(keepingCapacity: true)
  }

  private static func write(_ bytes: Span<UInt8>, to descriptor: CInt) -> ErrorNumber? {
    bytes.withUnsafeBytes { bytes in
      do throws(ErrorNumber) {
        try Platform.writeBytes(bytes, to: descriptor)
        return nil
      } catch {
        return error
      }
    }
  }
}
