import Framing
import Testing

/// The UTF-8 bytes of `text`.
func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

/// What a decoder makes of a stream: messages, then perhaps an error.
struct Outcome: Equatable {
  var messages: [[UInt8]] = []
  var error: FramingError?
}

/// A stream, from its first byte to the close, and what has to become of it.
struct StreamCase<F: Framer>: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let framer: F
  let wire: [UInt8]
  let messages: [[UInt8]]
  let error: FramingError?

  init(
    _ behaviour: String, _ framer: F, _ wire: [UInt8], _ messages: [[UInt8]], _ error: FramingError? = nil
  ) {
    self.testDescription = behaviour
    self.framer = framer
    self.wire = wire
    self.messages = messages
    self.error = error
  }

  var outcome: Outcome { Outcome(messages: messages, error: error) }
}

/// A message that a framing cannot carry, and why.
struct RefusalCase<F: Framer>: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let framer: F
  let message: [UInt8]
  let fault: FrameFault

  init(_ behaviour: String, _ framer: F, _ message: [UInt8], _ fault: FrameFault) {
    self.testDescription = behaviour
    self.framer = framer
    self.message = message
    self.fault = fault
  }

  /// Encodes the message behind bytes that are there already, and expects those bytes and the fault.
  func verify() {
    var wire = FrameBuffer()
    wire.append(bytes("before"))
    var met: FrameFault?
    do throws(FrameFault) { try framer.encode(message.span, into: &wire) } catch { met = error }
    let left = wire.withBytes { [UInt8](copying: $0) }
    #expect(met == fault)
    #expect(left == bytes("before"))
  }
}

/// Decodes `wire` up to the close, in chunks that end at `cuts` and at the end.
func decode<F: Framer>(_ wire: [UInt8], cutAt cuts: [Int] = [], by framer: F) -> Outcome {
  var decoder = FrameDecoder(framer)
  var outcome = Outcome()
  do throws(FramingError) {
    for (start, end) in zip([0] + cuts, cuts + [wire.count]) {
      decoder.append(wire[start..<end])
      while let message = try decoder.next() { outcome.messages.append(message) }
    }
    try decoder.finish()
    while let message = try decoder.next() { outcome.messages.append(message) }
  } catch {
    outcome.error = error
  }
  return outcome
}

/// Something that a decoder gives: a message, or an error behind which it may go on.
enum StreamEvent: Hashable {
  case message([UInt8])
  case error(FramingError)
}

/// A stream, from its first byte to the close, of which frames may be left out, and what has to become of it.
struct EventCase<F: Framer>: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let framer: F
  let wire: [UInt8]
  let events: [StreamEvent]

  init(_ behaviour: String, _ framer: F, _ wire: [UInt8], _ events: [StreamEvent]) {
    self.testDescription = behaviour
    self.framer = framer
    self.wire = wire
    self.events = events
  }

  /// Expects the same events however the stream is cut.
  func verify() {
    for cuts in cuttings(of: wire.count) {
      let came = decodeAll(wire, cutAt: cuts, by: framer)
      #expect(came == events, "cut at \(cuts)")
    }
  }
}

/// Decodes `wire` up to the close, in chunks that end at `cuts` and at the end, and goes on behind every error that is
/// not final.
func decodeAll<F: Framer>(_ wire: [UInt8], cutAt cuts: [Int] = [], by framer: F) -> [StreamEvent] {
  var decoder = FrameDecoder(framer)
  var events: [StreamEvent] = []
  for (start, end) in zip([0] + cuts, cuts + [wire.count]) {
    decoder.append(wire[start..<end])
    drain(&decoder, into: &events)
    if decoder.failure != nil { return events }
  }
  do throws(FramingError) {
    try decoder.finish()
  } catch {
    events.append(.error(error))
  }
  drain(&decoder, into: &events)
  return events
}

private func drain<F: Framer>(_ decoder: inout FrameDecoder<F>, into events: inout [StreamEvent]) {
  while decoder.failure == nil {
    do throws(FramingError) {
      guard let message = try decoder.next() else { return }
      events.append(.message(message))
    } catch {
      events.append(.error(error))
    }
  }
}

/// Encodes `messages` one behind the other.
func encode<F: Framer>(_ messages: [[UInt8]], by framer: F) throws(FramingError) -> [UInt8] {
  var encoder = FrameEncoder(framer)
  for message in messages { try encoder.append(message) }
  return encoder.takeBytes()
}

/// Every way to cut `count` bytes if there are few of them; else every single cut, and equal chunks.
func cuttings(of count: Int) -> [[Int]] {
  guard count > 1 else { return [[]] }
  let places = Array(1..<count)
  if count <= 10 {
    return (0..<1 << places.count).map { mask in places.filter { mask >> ($0 - 1) & 1 == 1 } }
  }
  return [[]] + places.map { [$0] } + (1...5).map { size in places.filter { $0 % size == 0 } }
}

/// Feeds every stream of up to `length` bytes from `alphabet`, cut in every way, and expects what `reference`, or else the
/// decoder of the whole stream, makes of it.
func verifyEveryStream<F: Framer>(
  by framer: F, alphabet: [UInt8], upTo length: Int, reference: (([UInt8]) -> [StreamEvent])? = nil
) {
  var streams: [[UInt8]] = [[]]
  var verified = 0
  while verified < streams.count {
    let wire = streams[verified]
    verified += 1
    if wire.count < length { streams += alphabet.map { wire + [$0] } }
    let expected = reference?(wire) ?? decodeAll(wire, by: framer)
    for cuts in cuttings(of: wire.count) {
      let came = decodeAll(wire, cutAt: cuts, by: framer)
      if came != expected {
        Issue.record("\(wire), cut at \(cuts), became \(came), not \(expected)")
        return
      }
    }
  }
}

/// Feeds streams of random `pieces`, cut at random, and expects what `reference`, or else the decoder of the whole stream,
/// makes of them.
func verifyRandomStreams<F: Framer>(
  by framer: F, pieces: [[UInt8]], seed: UInt64, reference: (([UInt8]) -> [StreamEvent])? = nil
) {
  var generator = SeededGenerator(seed: seed)
  for _ in 0..<500 {
    let wire = (0..<Int.random(in: 0...20, using: &generator)).flatMap { _ in
      pieces.randomElement(using: &generator) ?? []
    }
    let cuts = wire.indices.dropFirst().filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
    let expected = reference?(wire) ?? decodeAll(wire, by: framer)
    for (name, came) in [
      ("whole", decodeAll(wire, by: framer)), ("cut at \(cuts)", decodeAll(wire, cutAt: cuts, by: framer)),
      ("byte by byte", decodeAll(wire, cutAt: Array(wire.indices.dropFirst()), by: framer)),
    ] where came != expected {
      Issue.record("seed \(seed), \(wire), \(name), became \(came), not \(expected)")
      return
    }
  }
}

/// Expects that a framer which has looked at a part of a frame equals one that has not.
func verifyEquality<F: Framer & Hashable>(of framer: F, havingScanned part: [UInt8]) throws {
  var used = framer
  let scan = try used.scan(part.span, atEnd: false)
  #expect(used == framer)
  #expect(used.hashValue == framer.hashValue)
  guard case .needs = scan else {
    Issue.record("\(part) is no part of a frame: \(scan)")
    return
  }
}

/// The same numbers for the same seed: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Feeds streams of random bytes, most of them from `alphabet`, and expects the same result for random cuts.
func verifyRandomStreams<F: Framer>(by framer: F, alphabet: [UInt8], seed: UInt64) {
  var generator = SeededGenerator(seed: seed)
  for _ in 0..<300 {
    let wire = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
      Int.random(in: 0..<8, using: &generator) == 0
        ? UInt8.random(in: 0...255, using: &generator)
        : alphabet.randomElement(using: &generator) ?? 0
    }
    let cuts = wire.indices.filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
    let whole = decode(wire, by: framer)
    let cut = decode(wire, cutAt: cuts, by: framer)
    #expect(cut == whole, "seed \(seed), stream \(wire), cut at \(cuts)")
  }
}

/// Encodes random messages and expects that those which are not refused come back as they were.
func verifyRandomMessages<F: Framer>(by framer: F, alphabet: [UInt8], seed: UInt64) {
  var generator = SeededGenerator(seed: seed)
  for _ in 0..<100 {
    var encoder = FrameEncoder(framer)
    var carried: [[UInt8]] = []
    for _ in 0..<4 {
      let message = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        alphabet.randomElement(using: &generator) ?? 0
      }
      do throws(FramingError) {
        try encoder.append(message)
        carried.append(message)
      } catch {
        #expect(error.fault.kind == .unencodable || error.fault.kind == .tooLong)
      }
    }
    let outcome = decode(encoder.takeBytes(), by: framer)
    #expect(outcome == Outcome(messages: carried), "seed \(seed)")
  }
}
