/// How often each latency occurred, in a fixed amount of memory, whatever the latencies are.
///
/// Buckets of equal width between two powers of two, 64 of them: a value is known to within 1/64 of itself, and below 64
/// nanoseconds exactly. The idea is that of HdrHistogram.
struct LatencyHistogram: Hashable, Sendable {
  private static let digits = 6
  private static let steps = 1 << digits

  /// How many latencies were recorded.
  private(set) var count = 0
  /// The longest of them, exactly, in nanoseconds; 0 without one.
  private(set) var longest: UInt64 = 0

  private var buckets = [Int](repeating: 0, count: (UInt64.bitWidth - digits + 1) * steps)

  /// Takes note of a latency in nanoseconds.
  mutating func record(_ nanoseconds: UInt64) {
    count += 1
    longest = max(longest, nanoseconds)
    buckets[Self.bucket(of: nanoseconds)] += 1
  }

  /// The latency that at least `percent` per cent of all stay within, in nanoseconds; 0 without any.
  ///
  /// - Parameter percent: More than 0 and at most 100.
  func percentile(_ percent: Double) -> UInt64 {
    let rank = Int((Double(count) * percent / 100).rounded(.up))
    var seen = 0
    for (index, number) in buckets.enumerated() where number > 0 {
      seen += number
      if seen >= rank { return min(Self.upperEdge(of: index), longest) }
    }
    return longest
  }

  private static func bucket(of value: UInt64) -> Int {
    let width = UInt64.bitWidth - value.leadingZeroBitCount
    let shift = max(0, width - digits - 1)
    return shift << digits + Int(value >> UInt64(shift))
  }

  /// The largest value of a bucket.
  private static func upperEdge(of bucket: Int) -> UInt64 {
    // Two rows are counted singly: below 64, and from 64 to 127.
    let shift = max(0, bucket >> digits - 1)
    let lowerEdge = UInt64(bucket - shift << digits) << UInt64(shift)
    return lowerEdge + (1 << UInt64(shift) - 1)
  }
}
