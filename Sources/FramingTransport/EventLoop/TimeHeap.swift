/// What is due at some time, the earliest first, and at one time in the order in which it was added.
///
/// A binary heap: adding and taking cost logarithmic time.
package struct TimeHeap<Element> {
  /// What was added.
  package struct Entry {
    package let time: Int64
    /// Counts what was ever added, from 1.
    package let number: UInt64
    package let element: Element

    func isEarlier(than other: Entry) -> Bool { (time, number) < (other.time, other.number) }
  }

  private var entries: [Entry] = []
  private var lastNumber: UInt64 = 0

  package init() {}

  package var count: Int { entries.count }

  package var isEmpty: Bool { entries.isEmpty }

  /// The earliest; `nil` if there is none.
  package var first: Entry? { entries.first }

  /// Adds `element`, and answers its number.
  @discardableResult
  package mutating func add(_ element: Element, at time: Int64) -> UInt64 {
    lastNumber += 1
    entries.append(Entry(time: time, number: lastNumber, element: element))
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].isEarlier(than: entries[parent]) else { break }
      entries.swapAt(child, parent)
      child = parent
    }
    return lastNumber
  }

  /// Removes the earliest, which has to be there.
  package mutating func removeFirst() {
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var earliest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[child].isEarlier(than: entries[earliest]) {
        earliest = child
      }
      if earliest == parent { return }
      entries.swapAt(parent, earliest)
      parent = earliest
    }
  }

  /// Takes the earliest if it is due at `time`.
  package mutating func popDue(_ time: Int64) -> Element? {
    guard let first, first.time <= time else { return nil }
    removeFirst()
    return first.element
  }

  /// Removes all that are to go. Costs as much as to sort the rest.
  package mutating func removeAll(where isToGo: (Entry) -> Bool) {
    entries.removeAll(where: isToGo)
    entries.sort { $0.isEarlier(than: $1) }  // A sorted array is a heap.
  }
}
