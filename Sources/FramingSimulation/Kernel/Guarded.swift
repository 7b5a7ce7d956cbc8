import Synchronization

/// A value under a lock, for bodies that also use what belongs to their caller, as a buffer to read into.
///
/// A `Mutex` proves that nothing of its value can be kept outside, and therefore takes no such bodies.
// Unchecked: `value` is touched while `lock` is held only, and what the bodies answer is Sendable. That they keep no
// reference to what is inside is theirs to see to; all of them are in this module.
final class Guarded<Value>: @unchecked Sendable {
  private let lock = Mutex(())
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    lock.withLock { _ in body(&value) }
  }
}
