extension EventLoop {
  /// The clock of the loop.
  public var clock: LoopClock { LoopClock(self) }

  /// Waits until `deadline`, never shorter, and no longer than the loop is busy otherwise. From any task.
  ///
  /// Takes a timer of the loop: no thread waits, and in a simulation the time is the simulated one. A deadline that has
  /// passed returns at once.
  ///
  /// ```swift
  /// let start = loop.clock.now
  /// for beat in 1... {
  ///   try await loop.sleep(until: start.advanced(by: .seconds(beat)))  // Does not drift.
  ///   try await connection.send("alive".utf8)
  /// }
  /// ```
  ///
  /// - Throws: `CancellationError`, at once, when the task is cancelled.
  public func sleep(until deadline: LoopClock.Instant) async throws(CancellationError) {
    if Task.isCancelled { throw CancellationError() }
    if deadline <= clock.now { return }
    let sleeper = Sleeper(on: self)
    let isCancelled = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        execute { sleeper.sleep(until: deadline.nanoseconds, continuation) }
      }
    } onCancel: {
      execute { sleeper.cancel() }
    }
    if isCancelled { throw CancellationError() }
  }

  /// Waits for `duration`, counted from now. As ``sleep(until:)`` otherwise.
  ///
  /// - Throws: `CancellationError`, at once, when the task is cancelled.
  public func sleep(for duration: Duration) async throws(CancellationError) {
    try await sleep(until: clock.now.advanced(by: duration))
  }
}

/// Who waits for a timer of a loop: resumed by it or by cancellation, whichever is first.
// Unchecked: touched on the thread of its loop only, in jobs of `sleep(until:)`.
private final class Sleeper: @unchecked Sendable {
  /// Resumed with whether it was cancelled.
  typealias Continuation = CheckedContinuation<Bool, Never>

  private let loop: EventLoop
  private var waiting: (continuation: Continuation, timer: LoopTimer)?
  /// Cancellation may come first.
  private var isCancelled = false

  init(on loop: EventLoop) { self.loop = loop }

  func sleep(until deadline: Int64, _ continuation: Continuation) {
    if isCancelled { return continuation.resume(returning: true) }
    let timer = loop.schedule(at: deadline) { [self] in resume() }
    waiting = (continuation, timer)
  }

  func cancel() {
    isCancelled = true
    if let waiting { loop.cancel(waiting.timer) }
    resume()
  }

  private func resume() {
    waiting?.continuation.resume(returning: isCancelled)
    waiting = nil
  }
}
