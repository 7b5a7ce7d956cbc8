import Framing

extension LawCheck {
  /// Checks what an end at every place of a stream of frames comes to.
  mutating func checkEnds(of stream: LawStream) {
    let step = max(1, stream.bytes.count / 256)
    for end in 1...max(stream.bytes.count, 1) where end % step == 0 || stream.borders.contains(end) {
      guard !isSettled(.endIsJudged), end <= stream.bytes.count else { return }
      let part = Array(stream.bytes[..<end])
      guard let run = run(framer, part, [end], "whole, then its end") else { return }
      let whole = stream.borders.count { $0 <= end }
      let isBorder = stream.borders.contains(end)
      let isClean = run.events.count == whole && run.messages == Array(stream.messages[..<whole])
      guard isBorder != isClean else {
        if !isBorder { checkDelivered(run, part, beyond: whole) }
        continue
      }
      if isBorder {
        let came = whole < run.events.count ? "\(run.events[whole])" : "\(run.events.count) of them"
        report(
          .endIsJudged, "\(Self.shown(part)) and the end behind a frame",
          expected: "\(whole) messages and no error", came: came)
      } else if !isNoise(stream, whole: whole, end: end) {
        report(
          .endIsJudged, "\(Self.shown(part)) and the end inside of a frame",
          expected: "an error",
          came: "a clean end behind \(whole) messages")
      }
    }
  }

  /// Checks that what an end inside of a frame delivers is a message.
  ///
  /// The bytes before a missing end mark may be: they are delivered as they came, and `encode` makes them again, with
  /// the end mark behind them. What a length announces is not, until all of it is there.
  private mutating func checkDelivered(_ run: LawRun, _ part: [UInt8], beyond whole: Int) {
    for (index, event) in run.events.enumerated() where index >= whole {
      guard case .message(let message, let offset, let wireLength) = event else { continue }
      let frame = Array(part[offset..<offset + wireLength])
      let encoded = encode(message, with: framer)
      // A message that cannot be sent alone, as with half an end mark in it: only if no length was waited for.
      let isTail =
        frame.starts(with: message)
        && (encoded.fault == nil ? encoded.bytes.starts(with: frame) : message == frame && awaits(part) == 1)
      guard !isTail, !isDecided(event, at: index, in: part) else { continue }
      return report(
        .endIsJudged, "\(Self.shown(part)) and the end inside of a frame",
        expected: "an error, or the bytes before a missing end mark as they came", came: "\(event)")
    }
  }

  /// How many bytes the framer waits for behind `part`.
  private mutating func awaits(_ part: [UInt8]) -> Int? {
    run(framer, part, [part.count], "whole", ends: false)?.missing
  }

  /// Whether the end only decided what another byte would have decided, too: that no longer end mark is there.
  private mutating func isDecided(_ event: LawRun.Event, at index: Int, in part: [UInt8]) -> Bool {
    for byte: UInt8 in [0x61, 0x00, 0xFF] {
      let longer = part + [byte]
      guard let run = run(framer, longer, [longer.count], "whole", ends: false) else { return false }
      if index < run.events.count, run.events[index] == event { return true }
    }
    return false
  }

  /// Whether the bytes of the frame behind `whole` others that lie before `end` can be missing: a flag in front, say.
  private mutating func isNoise(_ stream: LawStream, whole: Int, end: Int) -> Bool {
    let start = whole == 0 ? 0 : stream.borders[whole - 1]
    guard let part = run(framer, Array(stream.bytes[start..<end]), [end - start], "whole", ends: false),
      part.consumed == end - start
    else { return false }
    let rest = Array(stream.bytes[end..<stream.borders[whole]])
    return run(framer, rest, [rest.count], "whole")?.messages == [stream.messages[whole]]
  }
}
