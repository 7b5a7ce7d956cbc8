/// Randomness that can be had again: the same seed gives the same numbers on every machine.
///
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). Good enough to
/// choose cuts and bytes with, and nothing else: whoever sees one number knows all that follow.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  /// What the numbers follow from; name it in every failure that they lead to.
  public let seed: UInt64

  private var state: UInt64

  /// A generator at the beginning of the sequence that belongs to `seed`.
  public init(seed: UInt64) {
    self.seed = seed
    self.state = seed
  }

  /// The next 64 bits. Constant time.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
