import Framing

extension LawCheck {
  /// The part at the front that may be read again, as a header is, and that at the back, as half a delimiter is.
  private static var margin: Int { 64 }

  /// Checks that a framer does not search again what it has searched.
  ///
  /// No clock can tell that for certain, so bytes that were shown before are exchanged behind the framer's back: an
  /// answer that changes with them comes from reading them again.
  mutating func checkLooking() {
    for rule in [framer, laws.roomier].compactMap({ $0 }) {
      var streams: [[UInt8]] = []
      for alphabet in LawSamples.Alphabet.allCases {
        // A long frame, and bytes without a frame, as an endless header.
        let message = samples.message(of: alphabet, length: 1500)
        let encoded = encode(message, with: rule)
        if encoded.fault == nil { streams.append(encoded.bytes) }
        streams.append(message)
      }
      for message in laws.messages where message.count >= 1024 {
        let encoded = encode(message, with: rule)
        if encoded.fault == nil { streams.append(encoded.bytes) }
      }
      for stream in streams where !isSettled(.looksOnce) { checkLooking(rule, at: stream) }
    }
  }

  private mutating func checkLooking(_ rule: F, at stream: [UInt8]) {
    guard stream.count > 512 else { return }
    var rule = rule
    var wanted = 1
    var shownBefore = 0
    var probes = [stream.count - 1, 1000, 700, 400]
    // The last byte would make a frame: only answers before it are compared.
    for count in 1..<stream.count where count >= wanted {
      let region = Self.margin..<max(Self.margin, shownBefore - Self.margin)
      if let probe = probes.last, count >= probe {
        while let probe = probes.last, count >= probe { probes.removeLast() }
        if region.count >= 64 {
          checkExchange(of: region, in: Array(stream[..<count]), asking: rule, stream)
        }
        if isSettled(.looksOnce) { return }
      }
      guard case .scan(.needs(let more)) = LawDriver.ask(&rule, stream, 0..<count, atEnd: false), more >= 1
      else { return }
      shownBefore = count
      wanted = more > stream.count ? stream.count : count + more
    }
  }

  /// Compares the answer about `bytes` with those about the same bytes with others in `region`.
  private mutating func checkExchange(
    of region: Range<Int>, in bytes: [UInt8], asking rule: F, _ stream: [UInt8]
  ) {
    var copy = rule
    let answer = LawDriver.ask(&copy, bytes, 0..<bytes.count, atEnd: false)
    for pattern in patterns(for: stream) {
      var exchanged = bytes
      var place = region.lowerBound
      while place + pattern.count <= region.upperBound {
        exchanged.replaceSubrange(place..<place + pattern.count, with: pattern)
        // Solid patterns fill the region; others stand apart, so that what was there stays between them.
        place += pattern.count >= 256 ? pattern.count : pattern.count + samples.number(1...24)
      }
      copy = rule
      let other = LawDriver.ask(&copy, exchanged, 0..<exchanged.count, atEnd: false)
      guard other != answer else { continue }
      report(
        .looksOnce,
        """
        the first \(bytes.count) bytes of \(Self.shown(stream)), byte by byte; but when the last of them came, \
        bytes \(region.lowerBound) to \(region.upperBound), which the framer had seen before, were \
        sprinkled with \(Self.shown(pattern))
        """,
        expected: "\(answer), as without them", came: "\(other)")
      return
    }
  }

  /// What a framer would stumble over if it read it: ends and beginnings of frames, whole ones, and every byte.
  private mutating func patterns(for stream: [UInt8]) -> [[UInt8]] {
    var patterns = (1...8).flatMap { [Array(stream.suffix($0)), Array(stream.prefix($0))] }
    let whole = carried.filter { $0.wire.count <= 64 }.prefix(60)
    patterns += whole.enumerated().filter { $0.offset % 10 == 5 }.map(\.element.wire)
    patterns += [Array("\r\n\r\n".utf8), Array("\n".utf8), [0], [0xFF]]
    patterns += [Array(0...255), Array((0...255).reversed()), samples.random(256)]
    return patterns
  }
}
