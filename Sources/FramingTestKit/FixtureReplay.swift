import Framing

/// Runs a ``Fixture`` through a decoder, and back through an encoder, and says what was not as written.
///
/// ```swift
/// let fixture = try Fixture(text, name: "delimiter/cut-in-the-delimiter.frames")
/// for mismatch in FixtureReplay(fixture).mismatches() { print(mismatch) }
/// ```
///
/// Messages and errors have to come at their place, neither later nor sooner: what stands behind a chunk must not
/// come before a byte of that chunk has arrived, and must have come when all of it has. This holds under every
/// ``Chunking``; as written it means "now". The end of the stream counts like one more byte. However the stream is cut,
/// an error has to be the same one, number by number. Behind one that is final nothing may come but the same error
/// again; behind a frame that the framer leaves out (`FrameDecoder.failure` tells) messages and errors go on.
public struct FixtureReplay: Sendable {
  /// What is replayed.
  public let fixture: Fixture

  private let framer: AnyFramer
  private let chunks: [[UInt8]]
  private let schedule: ReplaySchedule

  /// A replay with the framer that the fixture names.
  public init(_ fixture: Fixture) {
    self.init(fixture, framer: fixture.framer.framer)
  }

  /// A replay with a framer of your own in place of the one that the fixture names.
  public init(_ fixture: Fixture, framer: some Framer) {
    self.fixture = fixture
    self.framer = AnyFramer(framer)
    self.chunks = fixture.chunks
    self.schedule = ReplaySchedule(fixture)
  }

  /// The first mismatch under every chunking of ``Chunking/all(for:)``, and that of encoding; none if all is well.
  public func mismatches() -> [Mismatch] {
    let written = play(.asWritten, errors: nil)
    var mismatches = [written.mismatch].compactMap { $0 }
    for chunking in Chunking.all(for: chunks) where chunking != .asWritten {
      if let mismatch = play(chunking, errors: written.errors).mismatch { mismatches.append(mismatch) }
    }
    if let mismatch = encodingMismatch() { mismatches.append(mismatch) }
    return mismatches
  }

  /// The first mismatch under one chunking, or `nil`.
  public func mismatch(under chunking: Chunking) -> Mismatch? {
    play(chunking, errors: nil).mismatch
  }

  /// The mismatch between the encoded messages and the bytes of all chunks, or `nil`. Always `nil` if the fixture does
  /// not say that it ``Fixture/encodes``.
  public func encodingMismatch() -> Mismatch? {
    guard fixture.encodes else { return nil }
    var encoder = FrameEncoder(framer)
    for message in fixture.messages {
      do throws(FramingError) {
        try encoder.append(message)
      } catch {
        return mismatch(nil, nil, "the message \(FixtureText.shown(message)) to be encoded", "\(error)")
      }
    }
    let wire = encoder.takeBytes()
    let stream = chunks.flatMap { $0 }
    guard wire != stream else { return nil }
    let same = zip(wire, stream).prefix { $0 == $1 }.count
    let expected = FixtureText.shown(Array(stream[same...]))
    let came = wire.count == same ? "nothing more" : FixtureText.shown(Array(wire[same...]))
    return mismatch(nil, nil, "\(stream.count == same ? "nothing more" : expected) from byte \(same)", came)
  }

  // MARK: One run

  /// Runs the stream in one chunking. Each error has to be equal to the one in its place of `references`, if it is
  /// there.
  private func play(
    _ chunking: Chunking, errors references: [FramingError]?
  ) -> (mismatch: Mismatch?, errors: [FramingError]) {
    var decoder = FrameDecoder(framer)
    var position = 0
    var met = 0
    var errors: [FramingError] = []
    /// The error that is final, once it was met.
    var failure: FramingError?

    /// What is wrong with what came when the stream had reached `position`; only the last outcome can be `final`.
    func judge(_ outcomes: [ReplaySchedule.Outcome], final: FramingError?) -> Mismatch? {
      let place = schedule.place(position)
      for outcome in outcomes {
        if let failure, outcome != .error(failure) {
          return mismatch(
            nil, chunking, "nothing but the same error again, \(failure)", "\(outcome) \(place)")
        }
        if failure != nil { continue }
        guard met < schedule.appointments.count else {
          return mismatch(nil, chunking, "nothing more", "\(outcome) \(place)")
        }
        let next = schedule.appointments[met]
        guard next.expectation.matches(outcome) else {
          return mismatch(next.line, chunking, "\(next.expectation)", "\(outcome) \(place)")
        }
        guard next.earliest <= position else {
          let earliest = schedule.place(next.earliest)
          return mismatch(next.line, chunking, "\(next.expectation) \(earliest), not sooner", "it \(place)")
        }
        met += 1
        guard case .error(let error) = outcome else { continue }
        errors.append(error)
        if error == final { failure = error }
        if let references, references.indices ~= errors.count - 1, error != references[errors.count - 1] {
          let expected = "the same error as written gives, \(ExpectedError(references[errors.count - 1]))"
          return mismatch(next.line, chunking, expected, "\(outcome) \(place)")
        }
      }
      guard met < schedule.appointments.count, schedule.appointments[met].latest <= position else {
        return nil
      }
      let missed = schedule.appointments[met]
      return mismatch(missed.line, chunking, "\(missed.expectation) \(place), not later", "nothing")
    }

    for piece in chunking.pieces(of: chunks) {
      decoder.append(piece)
      position += piece.count
      if let mismatch = judge(drain(&decoder), final: decoder.failure) { return (mismatch, errors) }
    }
    if schedule.hasEnd {
      position += 1
      if let mismatch = judge(finish(&decoder), final: decoder.failure) { return (mismatch, errors) }
    }
    // Asked once more, a decoder has nothing new to say.
    return (judge(drain(&decoder), final: decoder.failure), errors)
  }

  private func drain(_ decoder: inout FrameDecoder<AnyFramer>) -> [ReplaySchedule.Outcome] {
    var outcomes: [ReplaySchedule.Outcome] = []
    while true {
      do throws(FramingError) {
        // One alone, then those behind it in a row: both ways have to find the same.
        if let message = try decoder.next() { outcomes.append(.message(message)) }
        try decoder.forEachMessage { outcomes.append(.message([UInt8](copying: $0))) }
        return outcomes
      } catch {
        outcomes.append(.error(error))
        if decoder.failure != nil { return outcomes }
      }
    }
  }

  private func finish(_ decoder: inout FrameDecoder<AnyFramer>) -> [ReplaySchedule.Outcome] {
    do throws(FramingError) {
      try decoder.finish()
    } catch {
      return [.error(error)] + (decoder.failure == nil ? drain(&decoder) : [])
    }
    return drain(&decoder)
  }

  private func mismatch(_ line: Int?, _ chunking: Chunking?, _ expected: String, _ came: String) -> Mismatch {
    Mismatch(fixture: fixture.name, line: line, chunking: chunking, expected: expected, came: came)
  }
}
