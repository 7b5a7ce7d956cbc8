extension Span<UInt8> {
  /// The first index at or after `start`, and before `end`, that holds `byte`; what C calls `memchr`.
  ///
  /// Sixteen bytes a step.
  @inlinable
  internal func firstIndex(of byte: UInt8, from start: Int, upTo end: Int? = nil) -> Int? {
    withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return nil }
      let count = end ?? bytes.count
      let needle = SIMD16<UInt8>(repeating: byte)
      var index = start
      while count - index >= 16 {
        let block = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<UInt8>.self)
        // One byte of FF where the bytes are equal, and 00 elsewhere.
        let equal = unsafeBitCast((block .== needle), to: SIMD2<UInt64>.self)
        if (equal[0] | equal[1]) != 0 {
          let low = UInt64(littleEndian: equal[0])
          if low != 0 { return index + low.trailingZeroBitCount / 8 }
          return index + 8 + UInt64(littleEndian: equal[1]).trailingZeroBitCount / 8
        }
        index += 16
      }
      while index < count {
        if base[index] == byte { return index }
        index += 1
      }
      return nil
    }
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
