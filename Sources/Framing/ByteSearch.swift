extension Span<UInt8> {
  /// The first index at or after `start`, and before `end`, that holds `byte`; what C calls `memchr`.
  ///
  /// Sixteen bytes a step; sixty-four, once the first sixteen do not hold it.
  @inlinable
  internal func firstIndex(of byte: UInt8, from start: Int, upTo end: Int? = nil) -> Int? {
    withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return nil }
      let end = end ?? bytes.count
      guard end &- start >= 16 else { return Self.firstIndex(of: byte, in: base, from: start, upTo: end) }
      let needle = SIMD16<UInt8>(repeating: byte)
      var index = start
      var found = Self.matches(base + index, needle)
      if let place = Self.firstMatch(found) { return index &+ place }
      index &+= 16
      while end &- index >= 64 {
        let (first, second) = (Self.matches(base + index, needle), Self.matches(base + index + 16, needle))
        let (third, fourth) = (
          Self.matches(base + index + 32, needle), Self.matches(base + index + 48, needle)
        )
        let any = (first | second) | (third | fourth)
        if any[0] | any[1] != 0 { break }
        index &+= 64
      }
      while end &- index >= 16 {
        found = Self.matches(base + index, needle)
        if let place = Self.firstMatch(found) { return index &+ place }
        index &+= 16
      }
      if index == end { return nil }
      // The last sixteen; those before `index` are known not to hold it.
      index = end &- 16
      return Self.firstMatch(Self.matches(base + index, needle)).map { index &+ $0 }
    }
  }

  /// One byte of FF for each of sixteen that equals the needle's, and 00 for the others.
  @inlinable
  @inline(__always)
  internal static func matches(_ bytes: UnsafePointer<UInt8>, _ needle: SIMD16<UInt8>) -> SIMD2<UInt64> {
    let block = UnsafeRawPointer(bytes).loadUnaligned(as: SIMD16<UInt8>.self)
    return unsafeBitCast(block .== needle, to: SIMD2<UInt64>.self)
  }

  /// The index of the first byte of FF; `nil` if there is none.
  @inlinable
  @inline(__always)
  internal static func firstMatch(_ matches: SIMD2<UInt64>) -> Int? {
    let (low, high) = (UInt64(littleEndian: matches[0]), UInt64(littleEndian: matches[1]))
    guard low | high != 0 else { return nil }
    return low != 0 ? low.trailingZeroBitCount / 8 : 8 &+ high.trailingZeroBitCount / 8
  }

  /// Fewer than sixteen bytes, one by one.
  @inlinable
  internal static func firstIndex(
    of byte: UInt8, in base: UnsafePointer<UInt8>, from start: Int, upTo end: Int
  ) -> Int? {
    var index = start
    while index < end {
      if base[index] == byte { return index }
      index &+= 1
    }
    return nil
  }
}

/// A set of byte values, for finding any of several first bytes in one pass.
@usableFromInline
internal struct ByteSet: Hashable, Sendable {
  @usableFromInline internal var words = SIMD4<UInt64>(repeating: 0)

  @inlinable
  internal init() {}

  @inlinable
  internal mutating func insert(_ byte: UInt8) {
    words[Int(byte) >> 6] |= 1 << UInt64(byte & 63)
  }

  @inlinable
  internal func contains(_ byte: UInt8) -> Bool {
    words[Int(byte) >> 6] & (1 << UInt64(byte & 63)) != 0
  }

  /// The first index at or after `start` whose byte is in the set.
  @inlinable
  internal func firstIndex(in bytes: Span<UInt8>, from start: Int) -> Int? {
    var index = start
    while index < bytes.count {
      if contains(bytes[index]) { return index }
      index += 1
    }
    return nil
  }
}
