import Framing

/// One check of one framer: what is tried, and what was found.
struct LawCheck<F: Framer> {
  let laws: FramerLaws<F>
  let framer: F
  var samples: LawSamples
  /// What `encode` took, the shortest frames first.
  var carried: [LawSample] = []
  /// The least length, above one that `encode` takes, that it refuses; `nil` if none was found.
  var refusedFrom: Int?
  private var found: [LawViolation] = []

  init(_ laws: FramerLaws<F>) {
    self.laws = laws
    self.framer = laws.framer
    self.samples = LawSamples(seed: laws.seed)
  }

  mutating func violations() -> [LawViolation] {
    checkEncoding()
    let encoded = encodedStreams()
    // First, as copies that share something would spoil all that follows.
    if let first = encoded.first, let last = encoded.last {
      checkCopies(first.bytes, last.bytes)
      checkCopies(last.bytes, first.bytes)
    }
    for stream in encoded {
      checkStream(stream.bytes, work: 24 << 10)
      checkEnds(of: stream)
    }
    for stream in laws.streams { checkStream(stream, work: 24 << 10) }
    checkLimit()
    for stream in hostileStreams(encoded) { checkStream(stream, work: 1 << 10) }
    checkLooking()
    return FramerLaw.allCases.flatMap { law in found.filter { $0.law == law } }
  }

  // MARK: Verdicts

  /// Whether enough examples of a broken law were found.
  func isSettled(_ law: FramerLaw) -> Bool { found.count { $0.law == law } >= 2 }

  /// Whether an example of a broken law was found.
  func isBroken(_ law: FramerLaw) -> Bool { found.contains { $0.law == law } }

  mutating func report(_ law: FramerLaw, _ scene: String, expected: String, came: String) {
    let violation = LawViolation(law: law, scene: scene, expected: expected, came: came)
    if !isSettled(law), !found.contains(violation) { found.append(violation) }
  }

  static func shown(_ bytes: [UInt8]) -> String { FixtureText.shown(bytes, atMost: 96) }

  /// The first of `events`.
  static func words(_ events: [LawRun.Event]) -> String {
    guard !events.isEmpty else { return "nothing" }
    let shown = events.prefix(3).map(\.description).joined(separator: ", then ")
    return events.count > 3 ? "\(shown), then \(events.count - 3) more" : shown
  }

  // MARK: Runs

  /// What `framer` makes of `stream`, which comes in pieces that end at `borders`, and then its end.
  ///
  /// `nil` if an answer was unsound; that is then reported.
  mutating func run(
    _ framer: F, _ stream: [UInt8], _ borders: [Int], _ cutting: String,
    asking manner: LawManner = LawManner(),
    ends: Bool = true
  ) -> LawRun? {
    var driver = LawDriver(framer, over: stream, asking: manner)
    for border in borders { driver.arrive(upTo: border) }
    if ends { driver.end() }
    guard let unsound = driver.run.unsound else { return driver.run }
    report(.soundAnswers, "\(Self.shown(stream)), \(cutting)", expected: unsound.expected, came: unsound.came)
    return nil
  }

  /// The borders that make pieces of one byte; a plain loop, as a check runs in debug builds.
  static func everyByte(of stream: [UInt8]) -> [Int] {
    var borders: [Int] = []
    while borders.count < stream.count { borders.append(borders.count + 1) }
    return borders
  }

  /// Reports the first event that is not as in `expected`; whether all are.
  mutating func compare(
    _ run: LawRun, with expected: [LawRun.Event], _ law: FramerLaw, _ scene: @autoclosure () -> String
  ) -> Bool {
    guard run.events != expected else { return true }
    let same = zip(run.events, expected).prefix { $0 == $1 }.count
    func name(_ events: [LawRun.Event]) -> String { same < events.count ? "\(events[same])" : "nothing" }
    report(law, scene(), expected: name(expected), came: name(run.events))
    return false
  }

  // MARK: Streams

  /// Streams of whole frames: many short ones, one three times, and a longer one between two others.
  private mutating func encodedStreams() -> [LawStream] {
    guard !carried.isEmpty else { return [] }
    let short = Array(carried.prefix(40))
    var lists: [[LawSample]] = []
    var picked: [LawSample] = []
    for _ in 0..<7 { picked.append(short[samples.number(0...short.count - 1)]) }
    let filled = carried.first { $0.message.count > 1 } ?? short[0]
    let longer = carried.last { $0.wire.count <= 280 } ?? short[0]
    if framer.endsWithStream {
      lists = picked.prefix(3).map { [$0] } + [[filled], [longer]]
    } else {
      lists = [picked, [filled, filled, filled], [picked[0], longer, picked[1]]]
    }
    return lists.map { LawStream($0) }
  }

  /// Streams that nobody should send: damaged ones, and bytes that no framer made.
  private mutating func hostileStreams(_ encoded: [LawStream]) -> [[UInt8]] {
    var streams = samples.garbage()
    for index in 0..<(encoded.isEmpty ? 0 : 60) {
      let stream = encoded[index % encoded.count]
      let borders = [0] + stream.borders.dropLast()
      streams.append(samples.damaged(Array(stream.bytes.prefix(400)), borders: borders))
    }
    // Bytes that end a frame, where no frame is.
    if let stream = encoded.first, let last = stream.bytes.last {
      streams += [[last] + stream.bytes, stream.bytes + [last, last], [last, last, last] + stream.bytes]
    }
    return streams
  }
}
