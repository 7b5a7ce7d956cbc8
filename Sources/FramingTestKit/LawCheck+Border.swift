import Framing

extension LawCheck {
  /// Lengths between the longest sample and the longest message that is tried at all.
  static var borderProbes: [Int] {
    [1024, 2048, 4096, 8192, 16_384, 32_768, 65_535, 65_536, 65_537, longestTried]
  }

  /// The longest message that is tried in search of what `encode` refuses.
  static var longestTried: Int { 70_000 }

  /// Encodes and decodes messages at the border of what `encode` takes, and where a length of two bytes ends.
  ///
  /// Whole ones only: they may be long.
  mutating func checkBorder() {
    guard let (alphabet, longest) = longestCarried() else { return }
    var low = longest
    var high: Int?
    for probe in LawSamples.lengths + Self.borderProbes where probe > low {
      if takes(alphabet, probe) { low = probe } else { high = probe }
      if high != nil { break }
    }
    while let refused = high, low + 1 < refused {
      let middle = (low + refused) / 2
      if takes(alphabet, middle) { low = middle } else { high = middle }
    }
    refusedFrom = high
    var lengths = [65_535, 65_536, 65_537]
    if let high { lengths = [high - 1, high, high + 1] + lengths }
    for length in lengths { encodeAndBack(samples.message(of: alphabet, length: length)) }
    if let high {
      for length in [high - 1, high] { encodeAndBack(samples.message(of: .random, length: length)) }
    }
  }

  /// What the longest messages that were encoded and decoded may be made of, and their length.
  private mutating func longestCarried() -> (LawSamples.Alphabet, Int)? {
    let lengths = Set(carried.map(\.message.count)).sorted(by: >)
    for alphabet in LawSamples.Alphabet.allCases {
      for length in lengths where takes(alphabet, length) { return (alphabet, length) }
    }
    return nil
  }

  private mutating func takes(_ alphabet: LawSamples.Alphabet, _ length: Int) -> Bool {
    encode(samples.message(of: alphabet, length: length), with: framer).fault == nil
  }
}
