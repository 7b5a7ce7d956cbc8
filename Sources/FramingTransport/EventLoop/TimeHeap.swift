/// What is due at some time, the earliest first, and at one time in the order in which it was added.
///
/// A binary heap: adding and taking cost logarithmic time.
package struct TimeHeap<Element: HeapElement> {
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

  /// When the element is due that stands at `place`.
  package func time(at place: Int) -> Int64 { entries[place].time }

  /// Adds `element`.
  package mutating func add(_ element: Element, at time: Int64) {
    lastNumber += 1
    entries.append(Entry(time: time, number: lastNumber, element: element))
    settle(entries.count - 1)
  }

  /// Takes the earliest if it is due at `time`.
  package mutating func popDue(_ time: Int64) -> Element? {
    guard let first, first.time <= time else { return nil }
    return remove(at: 0)
  }

  /// Removes what stands at `place`.
  @discardableResult
  package mutating func remove(at place: Int) -> Element {
    entries.swapAt(place, entries.count - 1)
    let removed = entries.removeLast().element
    if place < entries.count { settle(place) }
    return removed
  }

  /// Moves the entry at `place` to where it belongs, if all others are where they belong.
  private mutating func settle(_ place: Int) {
    var place = place
    while place > 0, entries[place].isEarlier(than: entries[(place - 1) / 2]) {
      swap(&place, with: (place - 1) / 2)
    }
    while let child = earlierChild(of: place), entries[child].isEarlier(than: entries[place]) {
      swap(&place, with: child)
    }
    entries[place].element.moved(to: place)
  }

  private func earlierChild(of place: Int) -> Int? {
    let (left, right) = (2 * place + 1, 2 * place + 2)
    if right < entries.count { return entries[right].isEarlier(than: entries[left]) ? right : left }
    return left < entries.count ? left : nil
  }

  /// Follows the entry at `place` to `other`, whose entry takes its place.
  private mutating func swap(_ place: inout Int, with other: Int) {
    entries.swapAt(place, other)
    entries[place].element.moved(to: place)
    place = other
  }
}

/// What a ``TimeHeap`` holds, and tells where it stands.
package protocol HeapElement {
  /// It stands at `place` now, until it is told of another one.
  func moved(to place: Int)
}

extension HeapElement {
  /// Where it stands is nothing to it.
  package func moved(to place: Int) {}
}
