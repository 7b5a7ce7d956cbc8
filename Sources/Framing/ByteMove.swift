extension MutableSpan<UInt8> {
  /// Moves the bytes of `source` so that they begin at `target`, which does not lie behind them; what C calls `memmove`.
  @usableFromInline
  internal mutating func move(_ source: Range<Int>, to target: Int) {
    precondition(
      0 <= target && target <= source.lowerBound && source.upperBound <= count, "moved bytes from outside")
    withUnsafeMutableBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      (base + target).update(from: base + source.lowerBound, count: source.count)
    }
  }
}
