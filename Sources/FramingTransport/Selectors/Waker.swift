import CSystemShims

/// Lets any thread end the wait of another one: an `eventfd`, or a pipe where there is none.
final class Waker: Sendable {
  /// The token of the waker's own registration.
  static let token = UInt64.max

  /// What to watch for reading.
  let descriptor: CInt
  private let writing: CInt
  private let system: any SystemCalls

  init(over system: any SystemCalls) throws(SystemError) {
    var ends: (waiting: CInt, writing: CInt) = (-1, -1)
    let result = system.openWaker(waiting: &ends.waiting, writing: &ends.writing)
    if let code = result.errorCode { throw SystemError(call: "eventfd", code: code) }
    (descriptor, writing) = ends
    self.system = system
  }

  deinit {
    system.close(descriptor)
    if writing != descriptor { system.close(writing) }
  }

  /// Makes `descriptor` readable. A full counter or pipe is as good: it is readable already.
  func wake() {
    _ = try? attempt("write") { system.signalWaker(writing) }
  }

  /// Whether an event is the waker's own; makes `descriptor` unreadable again if it is.
  func takes(_ token: UInt64) -> Bool {
    guard token == Self.token else { return false }
    system.clearWaker(descriptor)
    return true
  }
}
