import Framing

/// In which ways a framer is asked otherwise than a decoder asks.
struct LawManner: Sendable {
  /// Whenever a byte has come, and not only when those are there that the framer said it needs.
  var atEveryByte = false
  /// A second time after it has found a frame, as after `peek`.
  var twice = false
  /// As a new one behind each frame, and behind bytes that belong to none.
  var renewed = false
}

/// What a framer said.
enum LawAnswer: Hashable, Sendable {
  case scan(Scan)
  case fault(FrameFault)
}

/// Shows a framer a stream as it arrives, as ``FrameDecoder`` does, but judges each answer instead of trusting it.
///
/// Ends whatever the framer answers: a step that takes no byte is followed by one that does, or by none.
struct LawDriver<F: Framer> {
  private(set) var run = LawRun()
  private var framer: F
  private let original: F
  private let stream: [UInt8]
  private let manner: LawManner
  private var arrived = 0
  private var wanted = 1
  /// Whether a frame with a fault is being left out.
  private var isRecovering = false
  /// Where a frame with a fault was left out without dropping a byte.

  init(_ framer: F, over stream: [UInt8], asking manner: LawManner = LawManner()) {
    self.framer = framer
    self.original = framer
    self.stream = stream
    self.manner = manner
  }

  /// Lets bytes arrive until there are `count`.
  mutating func arrive(upTo count: Int) {
    arrived = count
    while step(atEnd: false) {}
  }

  /// Lets the rest arrive, and the end with it.
  mutating func end() {
    arrived = stream.count
    wanted = 1
    while step(atEnd: true) {}
  }

  static func ask(_ framer: inout F, _ stream: [UInt8], _ range: Range<Int>, atEnd: Bool) -> LawAnswer {
    stream.withUnsafeBufferPointer { bytes in
      do throws(FrameFault) {
        return .scan(try framer.scan(UnsafeBufferPointer(rebasing: bytes[range]).span, atEnd: atEnd))
      } catch {
        return .fault(error)
      }
    }
  }

  // MARK: One answer

  /// Whether another step may follow.
  private mutating func step(atEnd: Bool) -> Bool {
    let available = arrived - run.consumed
    guard !run.isFailed, run.unsound == nil, available > 0 else { return false }
    guard available >= wanted || manner.atEveryByte else { return false }
    var answer = Self.ask(&framer, stream, run.consumed..<arrived, atEnd: atEnd)
    if manner.twice, answer.isFrame {
      answer = Self.ask(&framer, stream, run.consumed..<arrived, atEnd: atEnd)
    }
    run.missing = nil
    switch answer {
    case .scan(.frame(let payload, let wireLength)):
      return deliver(payload, wireLength, isEscaped: false, atEnd: atEnd)
    case .scan(.escapedFrame(let payload, let wireLength)):
      return deliver(payload, wireLength, isEscaped: true, atEnd: atEnd)
    case .scan(.skip(let count)):
      guard 1...available ~= count else { return refuse("a skip of 1 to \(available) bytes", "of \(count)") }
      if manner.renewed, !isRecovering { framer = original }
      take(count)
      return true
    case .scan(.needs(let count)):
      guard count >= 1 else { return refuse("a need of at least 1 byte", "of \(count)") }
      run.missing = count
      wanted = available.addingReportingOverflow(count).overflow ? .max : available + count
      if run.events.isEmpty && !atEnd {
        run.awaited = max(
          run.awaited, arrived.addingReportingOverflow(count).overflow ? .max : arrived + count)
      }
      if atEnd { fail(.truncated(received: available, expected: wanted), atEnd: true) }
      return false
    case .fault(let fault):
      return leaveOut(fault, available: available, atEnd: atEnd)
    }
  }

  private mutating func deliver(
    _ payload: Range<Int>, _ wireLength: Int, isEscaped: Bool, atEnd: Bool
  ) -> Bool {
    let available = arrived - run.consumed
    guard 1...available ~= wireLength else {
      return refuse("a frame of 1 to \(available) bytes, which were shown", "one of \(wireLength)")
    }
    guard payload.lowerBound >= 0, payload.upperBound <= wireLength else {
      return refuse("a payload within the \(wireLength) bytes of its frame", "\(payload)")
    }
    var message = Array(stream[run.consumed + payload.lowerBound..<run.consumed + payload.upperBound])
    if isEscaped {
      let rule = framer
      let count = message.withUnsafeMutableBufferPointer { bytes in
        var span = bytes.mutableSpan
        return rule.unescape(&span)
      }
      guard 0...payload.count ~= count else {
        return refuse("a message of at most \(payload.count) bytes without its escapes", "\(count)")
      }
      message.removeLast(message.count - count)
    }
    see(.message(message, offset: run.consumed, wireLength: wireLength), atEnd: atEnd)
    if manner.renewed { framer = original }
    isRecovering = false
    take(wireLength)
    return true
  }

  private mutating func leaveOut(_ fault: FrameFault, available: Int, atEnd: Bool) -> Bool {
    var rule = framer
    let range = run.consumed..<arrived
    let dropped = stream.withUnsafeBufferPointer { bytes in
      rule.recover(from: fault, in: UnsafeBufferPointer(rebasing: bytes[range]).span)
    }
    framer = rule
    guard let dropped else {
      fail(fault, atEnd: atEnd)
      return false
    }
    guard dropped > 0 && dropped <= available else {
      return refuse("`recover` to drop 1 to \(available) bytes, those shown", "\(dropped)")
    }
    see(.error(FramingError(fault, at: UInt64(run.consumed))), atEnd: atEnd)
    isRecovering = true
    take(dropped)
    return true
  }

  private mutating func take(_ count: Int) {
    run.consumed += count
    wanted = 1
  }

  private mutating func fail(_ fault: FrameFault, atEnd: Bool) {
    run.isFailed = true
    see(.error(FramingError(fault, at: UInt64(run.consumed))), atEnd: atEnd)
  }

  private mutating func see(_ event: LawRun.Event, atEnd: Bool) {
    run.events.append(event)
    run.arrivals.append(atEnd ? stream.count + 1 : arrived)
  }

  private mutating func refuse(_ expected: String, _ came: String) -> Bool {
    run.unsound = LawRun.UnsoundAnswer(expected: expected, came: came)
    return false
  }
}

extension LawAnswer: CustomStringConvertible {
  var isFrame: Bool {
    switch self {
    case .scan(.frame), .scan(.escapedFrame): true
    default: false
    }
  }

  var description: String {
    switch self {
    case .scan(.frame(_, let wireLength)), .scan(.escapedFrame(_, let wireLength)):
      "a frame of \(wireLength) bytes"
    case .scan(.needs(let count)): "needs(count: \(count))"
    case .scan(.skip(let count)): "skip(count: \(count))"
    case .fault(let fault): "the fault \"\(fault)\""
    }
  }
}
