/// The checksum CRC-32C (Castagnoli), bit by bit: what it is for is short.
///
/// The bytes of "123456789" have `E3069283`. Source: RFC 9260, Appendix A, formerly RFC 4960, Appendix B.
struct CRC32C {
  private var remainder: UInt32 = .max

  /// The checksum of the bytes so far.
  var value: UInt32 { ~remainder }

  mutating func append(_ byte: UInt8) {
    remainder ^= UInt32(byte)
    for _ in 0..<8 {
      // The polynomial 1EDC6F41, least significant bit first.
      remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
    }
  }
}
