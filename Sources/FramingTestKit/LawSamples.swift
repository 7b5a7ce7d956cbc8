/// A message and the frame that carries it.
struct LawSample: Sendable {
  let message: [UInt8]
  let wire: [UInt8]

  /// How many bytes the frame has more than its message.
  var overhead: Int { max(0, wire.count - message.count) }
}

/// Frames one after the other.
struct LawStream: Sendable {
  var bytes: [UInt8] = []
  var messages: [[UInt8]] = []
  /// Where each frame ends.
  var borders: [Int] = []

  init(_ samples: [LawSample]) {
    for sample in samples {
      bytes += sample.wire
      messages.append(sample.message)
      borders.append(bytes.count)
    }
  }
}

/// The messages and streams that a framer is checked with: all follow from a seed.
struct LawSamples: Sendable {
  /// What a message is made of.
  enum Alphabet: CaseIterable, Sendable {
    case letters, digits, zeros, ones, lineEnds, random
  }

  /// Every length that is a border somewhere: of small frames, of blocks, of length fields and of their digits.
  static let lengths =
    Array(0...20) + [
      31, 32, 33, 63, 64, 65, 99, 100, 101, 126, 127, 128, 129, 200, 253, 254, 255, 256, 257, 300, 508, 509,
      510, 511, 512, 513, 600,
    ]

  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  mutating func message(of alphabet: Alphabet, length: Int) -> [UInt8] {
    switch alphabet {
    case .letters: repeated(Array("abcdefghijklmnopqrstuvwxyz".utf8), length)
    case .digits: repeated(Array("0123456789".utf8), length)
    case .zeros: [UInt8](repeating: 0, count: length)
    case .ones: [UInt8](repeating: 0xFF, count: length)
    case .lineEnds: drawn(from: [0x0D, 0x0A, 0x61], length)
    case .random: random(length)
    }
  }

  // Plain loops below: a check runs in debug builds, where the collections' own ones are slow.

  mutating func random(_ length: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < length { bytes.append(UInt8(truncatingIfNeeded: generator.next() >> 32)) }
    return bytes
  }

  private mutating func drawn(from alphabet: [UInt8], _ length: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < length { bytes.append(alphabet[Int(generator.next() >> 33) % alphabet.count]) }
    return bytes
  }

  func repeated(_ pattern: [UInt8], _ length: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < length { bytes += pattern }
    bytes.removeLast(bytes.count - length)
    return bytes
  }

  /// What is put behind a frame or a fault: it must change nothing.
  mutating func tails(_ frames: [UInt8]) -> [[UInt8]] {
    var tails: [[UInt8]] = [
      [], [0], [0xFF, 0xFF, 0xFF, 0xFF], Array("\r\n".utf8), Array("12:".utf8), random(12),
    ]
    if let first = frames.first, let last = frames.last {
      tails += [Array(frames.prefix(64)), [first, first], [last, last]]
    }
    return tails
  }

  /// `stream` after one to three accidents. `borders` are the places where frames begin, the likeliest to be hit.
  mutating func damaged(_ stream: [UInt8], borders: [Int]) -> [UInt8] {
    var bytes = stream
    for _ in 0..<number(1...3) where !bytes.isEmpty {
      let place = place(in: bytes, borders: borders)
      let length = min(number(1...12), bytes.count - place)
      switch number(0...6) {
      case 0: bytes[place] ^= 1 << UInt8(number(0...7))
      case 1: bytes[place] = any(of: bytes)
      case 2: bytes.removeLast(bytes.count - max(place, 1))
      case 3: bytes.insert(contentsOf: Array(bytes[place..<place + length]), at: place)
      case 4: bytes.removeSubrange(place..<min(place + length, max(bytes.count - 1, place)))
      case 5: bytes.insert(contentsOf: [UInt8](repeating: any(of: bytes), count: length), at: place)
      default:
        let byte = any(of: bytes)
        for index in place..<place + length { bytes[index] = byte }
      }
    }
    return bytes
  }

  /// Bytes that no framer made.
  mutating func garbage() -> [[UInt8]] {
    var streams: [[UInt8]] = []
    for byte: UInt8 in [0, 1, 0x0A, 0x0D, 0x30, 0x39, 0x61, 0x7F, 0x80, 0xC0, 0xDB, 0xFF] {
      streams.append([UInt8](repeating: byte, count: 40))
    }
    for _ in 0..<12 { streams.append(random(number(1...60))) }
    for _ in 0..<8 {
      let length = number(1...60)
      streams.append(message(of: .lineEnds, length: length))
      streams.append(drawn(from: [0, 1, 2, 3], length))
      streams.append(drawn(from: Array("10: ,".utf8), length))
    }
    return streams
  }

  private mutating func place(in bytes: [UInt8], borders: [Int]) -> Int {
    if !borders.isEmpty, number(0...1) == 0 {
      return min(borders[number(0...borders.count - 1)] + number(0...4), bytes.count - 1)
    }
    return number(0...bytes.count - 1)
  }

  private mutating func any(of bytes: [UInt8]) -> UInt8 {
    switch number(0...6) {
    case 0: 0
    case 1: 0xFF
    case 2: 0x80
    case 3: 0x0A
    case 4: 0x30 + UInt8(number(0...9))
    case 5: bytes[bytes.count - 1]
    default: UInt8(number(0...255))
    }
  }
}
