/// Actions to take later, the earliest first. All operations take logarithmic time, amortised.
package struct TimerQueue: ~Copyable {
  /// Names a timer, to cancel it.
  package struct ID: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  /// In a structure, as a closure alone would be kept in another one that is called as a dictionary calls things: 48 bytes.
  private struct Action { let run: () -> Void }

  private var heap = TimeHeap<Void>()
  /// The actions of the timers that were neither cancelled nor fired.
  private var actions: [UInt64: Action] = [:]

  /// How many timers are set.
  var count: Int { actions.count }

  /// Whether no timer is set.
  var isEmpty: Bool { actions.isEmpty }

  /// Sets a timer.
  mutating func add(deadline: Int64, _ action: @escaping () -> Void) -> ID {
    // Timers of one deadline fire in the order in which they were set.
    let number = heap.add((), at: deadline)
    actions[number] = Action(run: action)
    return ID(number: number)
  }

  /// Forgets a timer, if it has not fired.
  mutating func cancel(_ id: ID) {
    actions[id.number] = nil
    dropCancelled()
    // Those in the middle of the heap go together, when they are the most of it: logarithmic time for each.
    if heap.count > 64 && heap.count > 2 * actions.count {
      heap.removeAll { actions[$0.number] == nil }
    }
  }

  /// When the next timer fires; `nil` if none is set.
  var nextDeadline: Int64? { heap.first?.time }

  /// Removes and returns the action of the earliest timer whose deadline is not after `now`.
  mutating func popDue(_ now: Int64) -> (() -> Void)? {
    guard let first = heap.first, first.time <= now else { return nil }
    let action = actions.removeValue(forKey: first.number)
    dropCancelled()
    return action?.run
  }

  /// Keeps the invariant that the first entry of the heap is a live one.
  private mutating func dropCancelled() {
    while let first = heap.first, actions[first.number] == nil { heap.removeFirst() }
  }
}
