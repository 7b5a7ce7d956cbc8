extension Collection<UInt8> {
  /// Calls `body` with the bytes: in place if they lie side by side in memory, else with a copy of them.
  @inlinable
  package func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    withContiguousStorageIfAvailable { body($0.span) }
      ?? [UInt8](self).withUnsafeBufferPointer { body($0.span) }
  }
}

extension [UInt8] {
  /// An array with a copy of `bytes`: of a message that was given in place, to keep it or to change it.
  ///
  /// - Complexity: linear in the bytes; one allocation.
  @inlinable
  public init(copying bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { [UInt8]($0) }
  }
}
