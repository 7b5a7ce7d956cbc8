import Framing

extension LawCheck {
  /// Checks what holds for any stream: the cuts do not matter, nor how often the framer is asked, nor what follows.
  ///
  /// - Parameter work: How many bytes may be decoded for it, about.
  mutating func checkStream(_ stream: [UInt8], work: Int) {
    guard !stream.isEmpty else { return }
    let bytewise = Self.everyByte(of: stream)
    // Asked at every byte, a framer cannot be late: this run says what has to come, and when.
    guard
      let reference = run(
        framer, stream, bytewise, "byte by byte, asked at each", asking: LawManner(atEveryByte: true))
    else { return }
    for (cutting, borders) in cuttings(of: stream, work: work) {
      guard !isSettled(.bytesDecide) || !isSettled(.needsNeverOverstates) else { break }
      guard let run = run(framer, stream, borders, cutting) else { return }
      if compare(run, with: reference.events, .bytesDecide, "\(Self.shown(stream)), \(cutting)") {
        checkArrivals(run, borders, against: reference, "\(Self.shown(stream)), \(cutting)")
      }
    }
    // The end is known before the first frame is taken.
    if !isSettled(.bytesDecide), let run = run(framer, stream, [], "whole and with its end") {
      _ = compare(run, with: reference.events, .bytesDecide, "\(Self.shown(stream)), whole and with its end")
    }
    checkAfresh(stream)
    checkTails(stream, reference)
  }

  /// The cuttings that a stream is worth: whole, byte by byte, seeds, and two pieces at as many places as `work` allows.
  private func cuttings(of stream: [UInt8], work: Int) -> [(cutting: String, borders: [Int])] {
    let all = Chunking.all(for: [stream]).filter { $0 != .asWritten }
    let step = max(1, all.count * stream.count / work)
    return all.enumerated().compactMap { index, chunking in
      if case .cut = chunking, index % step != 0 { return nil }
      if case .seeded(let seed) = chunking, step > 1, seed > 3 { return nil }
      return (chunking.description, borders(of: stream, cut: chunking))
    }
  }

  /// Where the pieces of `stream` end.
  private func borders(of stream: [UInt8], cut chunking: Chunking) -> [Int] {
    switch chunking {
    case .asWritten, .whole: return [stream.count]
    case .bytewise: return Self.everyByte(of: stream)
    case .cut(let place): return [place, stream.count]
    case .seeded:
      var end = 0
      return chunking.pieces(of: [stream]).map { piece in
        end += piece.count
        return end
      }
    }
  }

  /// Checks that each event showed itself with the piece that completed it, neither later nor sooner.
  private mutating func checkArrivals(
    _ run: LawRun, _ borders: [Int], against reference: LawRun, _ scene: @autoclosure () -> String
  ) {
    let last = borders[borders.count - 1]
    for (index, event) in run.events.enumerated() where reference.arrivals[index] <= last {
      let arrival = run.arrivals[index]
      let possible = reference.arrivals[index]
      let due = borders.first { $0 >= possible } ?? last
      guard arrival != due else { continue }
      if arrival < due {
        report(
          .needsNeverOverstates, scene(),
          expected: "\(event) as soon byte by byte as in this cutting, after \(arrival) bytes",
          came: "it after \(possible) bytes")
      } else {
        report(
          .needsNeverOverstates, scene(),
          expected: "\(event) after \(due) bytes, as when the framer is asked at every byte",
          came: arrival > last ? "it at the end" : "it after \(arrival) bytes")
      }
      return
    }
  }

  /// Checks that a framer which goes on, or is asked twice, answers as a new one.
  private mutating func checkAfresh(_ stream: [UInt8]) {
    guard !isSettled(.startsAfresh) else { return }
    let manners = [
      (LawManner(twice: true), "asked twice for each frame"),
      (LawManner(renewed: true), "with a new framer behind each frame"),
    ]
    for (manner, words) in manners {
      for (borders, cutting) in [([stream.count], "whole"), (Self.everyByte(of: stream), "byte by byte")] {
        guard let plain = run(framer, stream, borders, cutting),
          let other = run(framer, stream, borders, cutting, asking: manner)
        else { return }
        let isSame = compare(
          other, with: plain.events, .startsAfresh, "\(Self.shown(stream)), \(cutting), \(words)")
        if !isSame { return }
      }
    }
  }

  /// Checks that what showed itself with some bytes is the same with any others behind them.
  private mutating func checkTails(_ stream: [UInt8], _ reference: LawRun) {
    let firstError = reference.events.firstIndex { $0.isError }
    let lastMessage = reference.events.lastIndex { !$0.isError }
    for index in Set([0, lastMessage, firstError].compactMap { $0 }).sorted()
    where index < reference.events.count && reference.arrivals[index] <= stream.count {
      let law: FramerLaw = reference.events[index].isError ? .faultsStay : .restIsLeftAlone
      let arrival = reference.arrivals[index]
      let expected = Array(reference.events[...index])
      for tail in samples.tails(stream) where !isSettled(law) {
        let bytes = stream[..<arrival] + tail
        for borders in [[bytes.count], [arrival - 1, bytes.count]] where borders[0] > 0 {
          let cutting = borders.count == 1 ? "whole" : "cut at \(borders[0])"
          guard var run = run(framer, Array(bytes), borders, cutting) else { return }
          run.events.removeLast(max(0, run.events.count - expected.count))
          _ = compare(run, with: expected, law, "\(Self.shown(Array(bytes))), \(cutting)")
        }
      }
    }
  }

  // MARK: Copies

  /// Checks that a stream which arrives while another one stands still does not know of it.
  mutating func checkCopies(_ still: [UInt8], _ moving: [UInt8]) {
    guard let alone = run(framer, still, Self.everyByte(of: still), "byte by byte"),
      let other = run(framer, moving, Self.everyByte(of: moving), "byte by byte")
    else { return }
    for place in Set([1, still.count / 4, still.count / 2, still.count * 3 / 4, still.count - 1]).sorted()
    where place > 0 {
      var drivers = [LawDriver(framer, over: still), LawDriver(framer, over: moving)]
      for count in 1...place { drivers[0].arrive(upTo: count) }
      for count in 1...moving.count { drivers[1].arrive(upTo: count) }
      drivers[1].end()
      for count in place...still.count { drivers[0].arrive(upTo: count) }
      drivers[0].end()
      let scene = "two copies of the framer, the second one with"
      let between = "while \(place) bytes of the other stream had come"
      if !compare(
        drivers[1].run, with: other.events, .copiesAreIndependent,
        "\(scene) \(Self.shown(moving)), byte by byte, \(between): \(Self.shown(still))")
      {
        return
      }
      if !compare(
        drivers[0].run, with: alone.events, .copiesAreIndependent,
        "\(scene) \(Self.shown(moving)), \(between), the first one with \(Self.shown(still)), byte by byte")
      {
        return
      }
    }
  }
}
