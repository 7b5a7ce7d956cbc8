/// How far a framer is in its stream: not a part of the rule, so that two framers with the same rule are equal
/// wherever they are.
@propertyWrapper
@usableFromInline
internal struct ScanState<Value: Sendable>: Hashable, Sendable {
  @usableFromInline internal var wrappedValue: Value

  @inlinable
  internal init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

  @inlinable
  internal static func == (left: Self, right: Self) -> Bool { true }

  @inlinable
  internal func hash(into hasher: inout Hasher) {}
}
