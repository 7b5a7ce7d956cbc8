/// Bytes from pairs of hexadecimal digits; blanks between them do not count.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap { $0.hexDigitValue }
  precondition(digits.count % 2 == 0, "half a byte is left over")
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

/// The bytes of `text`.
func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }
