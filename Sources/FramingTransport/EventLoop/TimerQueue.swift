/// Whom a timer tells that its time has come. It has one timer at most.
protocol TimerTarget: AnyObject {
  /// Where its timer stands in the queue; -1 without one. Kept by the queue, on the thread of its loop.
  var timerPlace: Int32 { get set }
  /// The time has come; it has no timer any more.
  func timerFired()
}

/// Who is to be told something later, the earliest first. All operations take logarithmic time.
struct TimerQueue: ~Copyable {
  private struct Timer: HeapElement {
    let target: any TimerTarget

    func moved(to place: Int) { target.timerPlace = Int32(place) }
  }

  private var heap = TimeHeap<Timer>()

  /// How many timers are set.
  var count: Int { heap.count }

  /// Whether no timer is set.
  var isEmpty: Bool { heap.isEmpty }

  /// Sets the timer of `target`. Those of one deadline fire in the order in which they were set.
  mutating func add(_ target: any TimerTarget, at deadline: Int64) {
    precondition(target.timerPlace < 0, "a target has one timer")
    heap.add(Timer(target: target), at: deadline)
  }

  /// Forgets the timer of `target`, if it has one, and `target` with it.
  mutating func cancel(_ target: any TimerTarget) {
    guard target.timerPlace >= 0 else { return }
    let removed = heap.remove(at: Int(target.timerPlace)).target
    precondition(removed === target, "a timer was cancelled on another loop than its own")
    target.timerPlace = -1
  }

  /// When the timer of `target` fires; `nil` without one.
  func deadline(of target: any TimerTarget) -> Int64? {
    target.timerPlace < 0 ? nil : heap.time(at: Int(target.timerPlace))
  }

  /// When the next timer fires; `nil` if none is set.
  var nextDeadline: Int64? { heap.first?.time }

  /// Removes the earliest timer whose deadline is not after `now`, and returns whom to tell.
  mutating func popDue(_ now: Int64) -> (any TimerTarget)? {
    guard let target = heap.popDue(now)?.target else { return nil }
    target.timerPlace = -1
    return target
  }
}

/// A timer that runs an action, and forgets it then, or when it is cancelled.
// Unchecked: touched on the thread of its loop only.
package final class LoopTimer: TimerTarget, @unchecked Sendable {
  var timerPlace: Int32 = -1
  private var action: (() -> Void)?

  init(_ action: @escaping () -> Void) { self.action = action }

  func timerFired() {
    let action = action
    forget()
    action?()
  }

  func forget() { action = nil }
}
