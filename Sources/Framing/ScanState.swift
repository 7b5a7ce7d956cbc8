/// How far a framer is in its stream: not a part of the rule, so that two framers with the same rule are equal
/// wherever they are.
///
/// Not a property wrapper: the accessors that one makes cannot be inlined into other modules.
@usableFromInline
internal struct ScanState<Value: Sendable>: Hashable, Sendable {
  @usableFromInline internal var value: Value

  @inlinable
  internal init(_ value: Value) { self.value = value }

  @inlinable
  internal static func == (left: Self, right: Self) -> Bool { true }

  @inlinable
  internal func hash(into hasher: inout Hasher) {}
}
