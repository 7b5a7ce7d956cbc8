/// A length in decimal digits at the front of a frame, as netstrings and RFC 6587 have it.
@usableFromInline
internal struct DecimalLength: Hashable, Sendable {
  /// The value of the digits.
  @usableFromInline internal let value: Int
  /// How many digits are there, not one more than a length within the limit has.
  @usableFromInline internal let digits: Int
  /// How many bytes the whole frame has at least: the digits, one byte behind them, the payload, and what follows it.
  @usableFromInline internal let wireLength: Int

  /// Reads digits up to the first byte that is none, or the last byte, of a frame with `trailer` bytes behind its payload.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, without a length as further digits may follow, at the digit that
  ///   passes `limit`; ``FrameFault/malformed(_:value:)`` for a first byte that is no digit, and for a digit behind a
  ///   leading zero. Constant time: what follows is never more than 19 digits.
  @usableFromInline
  internal init(_ bytes: Span<UInt8>, limit: Int, trailer: Int) throws(FrameFault) {
    // The whole frame has to be countable, too: with 19 digits, the byte behind them, and the trailer.
    let most = min(limit, Int.max - 20 - trailer)
    var value = 0
    var digits = 0
    while digits < bytes.count, let digit = bytes[digits].decimalDigit {
      guard digits == 0 || value > 0 else { throw .malformed("the length has a leading zero") }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(digit)
      guard !overflow && !carry && sum <= most else { throw .tooLong(length: nil, limit: limit) }
      value = sum
      digits += 1
    }
    guard digits > 0 else { throw .malformed("the length is not a decimal number", value: UInt64(bytes[0])) }
    self.value = value
    self.digits = digits
    self.wireLength = digits + 1 + value + trailer
  }
}

extension UInt8 {
  /// The value of a decimal digit.
  @inlinable
  internal var decimalDigit: Int? { 0x30...0x39 ~= self ? Int(self) - 0x30 : nil }
}

extension FrameBuffer {
  /// Appends `value` in decimal digits.
  @usableFromInline
  internal mutating func append(decimal value: Int) {
    var divisor = 1
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(truncatingIfNeeded: 0x30 + value / divisor % 10))
      divisor /= 10
    }
  }
}
