import Framing

extension LawCheck {
  /// The longest message that is tried in search of the limit.
  private static var longest: Int { 4096 }

  /// A delimiter other than the one that is sent may be that much longer.
  private static var grace: Int { 16 }

  /// Checks that frames which only the roomier framer makes are refused, and before they are there.
  mutating func checkLimit() {
    guard let roomier = laws.roomier else { return }
    var within = carried
    var beyond: [LawSample] = []
    for message in laws.messages { tryBeyond(message, with: roomier, &beyond) }
    for alphabet in LawSamples.Alphabet.allCases {
      guard let first = firstTooLong(alphabet, &within) else { continue }
      for length in [first, first + 1, 2 * first + 64] {
        tryBeyond(samples.message(of: alphabet, length: length), with: roomier, &beyond)
      }
    }
    guard !beyond.isEmpty else {
      report(
        .checkable, "messages of 0 to \(Self.longest) bytes",
        expected: "one that is too long for the framer, and not for the roomier one",
        came: wordsForNoneBeyond())
      return
    }
    let longestMessage = within.map(\.message.count).max() ?? 0
    let longestFrame = within.map(\.wire.count).max() ?? 0
    for sample in beyond {
      // This frame's header may be longer than those of the frames that were encoded.
      checkRefusal(of: sample, within: max(longestFrame, longestMessage + sample.overhead) + Self.grace)
    }
    // In a stream: a framer may leave such a frame out and go on. What it keeps of a frame, as a count of escapes, must
    // not spoil its judgement of the next one: so that with the most around its message comes first.
    guard let frame = carried.prefix(while: { $0.wire.count <= 64 }).max(by: { $0.overhead < $1.overhead })
    else { return }
    for sample in beyond.prefix(12) {
      let stream = frame.wire + sample.wire + frame.wire
      checkStream(stream, work: 4 << 10)
      checkStream(frame.wire + sample.wire + sample.wire + frame.wire, work: 4 << 10)
      guard !framer.endsWithStream, let run = run(framer, stream, [stream.count], "whole"), !run.isFailed,
        run.messages != [frame.message, frame.message],
        // A framer that does not refuse the frame alone was told so.
        run.events.contains(where: \.isError) || !isBroken(.limitIsEarly)
      else { continue }
      report(
        .restIsLeftAlone, "\(Self.shown(stream)), whole, the second frame of three being too long",
        expected: "the error, and the messages before and behind it, or an end with the error",
        came: Self.words(run.events))
    }
  }

  /// Why no frame was found that only the roomier framer makes.
  private func wordsForNoneBeyond() -> String {
    guard let refusedFrom else {
      return "none: `encode` refused none of 0 to \(Self.longestTried) bytes: does it judge the limit?"
    }
    return refusedFrom > Self.longest
      ? "none: `encode` refuses \(refusedFrom) bytes and more, no fewer"
      : "none: `encode` refuses \(refusedFrom) bytes, but not with `tooLong`, or the roomier one does, too"
  }

  /// Adds the frame that carries `message` if only `roomier` makes it.
  private func tryBeyond(_ message: [UInt8], with roomier: F, _ beyond: inout [LawSample]) {
    guard case .tooLong = encode(message, with: framer).fault else { return }
    let encoded = encode(message, with: roomier)
    if encoded.fault == nil { beyond.append(LawSample(message: message, wire: encoded.bytes)) }
  }

  /// The least length that is too long; what is found to be within the limit on the way is added to `within`.
  private mutating func firstTooLong(_ alphabet: LawSamples.Alphabet, _ within: inout [LawSample]) -> Int? {
    var low = -1
    var high: Int?
    var probe = 0
    while high == nil || low + 1 < high ?? 0 {
      let message = samples.message(of: alphabet, length: probe)
      let encoded = encode(message, with: framer)
      if case .tooLong = encoded.fault { high = probe } else { low = probe }
      if encoded.fault == nil { within.append(LawSample(message: message, wire: encoded.bytes)) }
      if high == nil && probe >= Self.longest { return nil }
      probe = high.map { (low + $0) / 2 } ?? max(1, probe * 2)
      if probe <= low { probe = low + 1 }
    }
    return high
  }

  /// Shows the framer a frame over its limit, byte by byte.
  private mutating func checkRefusal(of sample: LawSample, within bound: Int) {
    let wire = sample.wire
    // What is still waited for when that many bytes have come is waited for too long.
    let enough = Array(wire.prefix(bound + 1))
    let isWhole = enough.count == wire.count
    guard !isSettled(.limitIsEarly), !wire.isEmpty,
      let run = run(framer, enough, Self.everyByte(of: enough), "byte by byte", ends: isWhole)
    else { return }
    let scene = "a frame of the roomier framer, \(Self.shown(wire)), byte by byte"
    guard case .error(let error)? = run.events.first, case .tooLong = error.fault else {
      let came = run.events.first?.description ?? "nothing"
      return report(
        .limitIsEarly, scene, expected: "the fault `tooLong` within \(bound) bytes",
        came: "\(came) within \(enough.count)")
    }
    if run.awaited > bound {
      report(
        .limitIsEarly, scene, expected: "no wait for more than \(bound) bytes", came: "one for \(run.awaited)"
      )
    }
  }
}
