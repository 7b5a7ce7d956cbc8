/// What is on its way, the earliest first, and in the order of sending what arrives at one time.
///
/// A binary heap: adding and taking cost logarithmic time.
struct DeliveryQueue<Event> {
  private struct Entry {
    let time: Int64
    let number: UInt64
    let event: Event

    func isEarlier(than other: Entry) -> Bool { (time, number) < (other.time, other.number) }
  }

  private var heap: [Entry] = []
  private var lastNumber: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }

  /// When the first event is due; `nil` if there is none.
  var nextTime: Int64? { heap.first?.time }

  mutating func add(_ event: Event, at time: Int64) {
    lastNumber += 1
    heap.append(Entry(time: time, number: lastNumber, event: event))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isEarlier(than: heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the first event that is due at `time`.
  mutating func popDue(_ time: Int64) -> Event? {
    guard let first = heap.first, first.time <= time else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var earliest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].isEarlier(than: heap[earliest]) {
        earliest = child
      }
      if earliest == parent { return first.event }
      heap.swapAt(parent, earliest)
      parent = earliest
    }
  }
}
