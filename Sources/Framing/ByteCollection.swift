extension Collection<UInt8> {
  /// Calls `body` with the bytes: in place if they lie side by side in memory, else with a copy of them.
  @inlinable
  internal func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    withContiguousStorageIfAvailable { body($0.span) }
      ?? [UInt8](self).withUnsafeBufferPointer { body($0.span) }
  }
}
