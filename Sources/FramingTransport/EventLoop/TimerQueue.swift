/// Actions to take later, the earliest first. A binary heap; all operations take logarithmic time, amortised.
package struct TimerQueue: ~Copyable {
  /// Names a timer, to cancel it.
  package struct ID: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  private struct Entry {
    let deadline: Int64
    /// Timers of one deadline fire in the order in which they were set.
    let number: UInt64

    func isEarlier(than other: Entry) -> Bool {
      (deadline, number) < (other.deadline, other.number)
    }
  }

  private var heap: [Entry] = []
  /// The actions of the timers that were neither cancelled nor fired.
  private var actions: [UInt64: () -> Void] = [:]
  private var lastNumber: UInt64 = 0

  /// How many timers are set.
  var count: Int { actions.count }

  /// Whether no timer is set.
  var isEmpty: Bool { actions.isEmpty }

  /// Sets a timer.
  mutating func add(deadline: Int64, _ action: @escaping () -> Void) -> ID {
    lastNumber += 1
    heap.append(Entry(deadline: deadline, number: lastNumber))
    actions[lastNumber] = action
    siftUp(from: heap.count - 1)
    return ID(number: lastNumber)
  }

  /// Forgets a timer, if it has not fired.
  mutating func cancel(_ id: ID) {
    actions[id.number] = nil
    dropCancelled()
    // Those in the middle of the heap go together, when they are the most of it: logarithmic time for each.
    if heap.count > 64 && heap.count > 2 * actions.count {
      heap.removeAll { actions[$0.number] == nil }
      heap.sort { $0.isEarlier(than: $1) }  // A sorted array is a heap.
    }
  }

  /// When the next timer fires; `nil` if none is set.
  var nextDeadline: Int64? { heap.first?.deadline }

  /// Removes and returns the action of the earliest timer whose deadline is not after `now`.
  mutating func popDue(_ now: Int64) -> (() -> Void)? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    let action = actions.removeValue(forKey: first.number)
    dropCancelled()
    return action
  }

  /// Keeps the invariant that the first entry of the heap is a live one.
  private mutating func dropCancelled() {
    while let first = heap.first, actions[first.number] == nil { removeFirst() }
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var earliest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].isEarlier(than: heap[earliest]) {
        earliest = child
      }
      if earliest == parent { return }
      heap.swapAt(parent, earliest)
      parent = earliest
    }
  }

  private mutating func siftUp(from index: Int) {
    var child = index
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isEarlier(than: heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }
}
