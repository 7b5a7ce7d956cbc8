import CSystemShims
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A value for several threads, which they can wait on.
final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }

  func set(_ value: Value) { state.withLock { $0 = value } }

  func change<Result: Sendable>(_ body: (inout sending Value) -> sending Result) -> Result {
    state.withLock { body(&$0) }
  }

  /// Waits until `condition` holds. Blocks the thread: not for tasks that others wait for.
  func wait(until condition: (Value) -> Bool) {
    while !condition(value) { sched_yield() }
  }
}
