/// The sockets that a wait found ready, in the order in which they were found.
///
/// In memory of its own, which is kept from wait to wait. An array checks at each change whether its memory is shared; with
/// one event in a turn, that costs more than the event.
package struct ReadyList: ~Copyable {
  /// How many were found.
  package private(set) var count = 0
  private var memory: UnsafeMutableBufferPointer<SelectorEvent>

  /// How many events `epoll` and `kqueue` are asked for at once. Level-triggered: those that are not among them come with the
  /// next wait.
  package static let portion = 256

  /// Nothing yet; has room for as many as one wait finds.
  package init() { memory = .allocate(capacity: Self.portion) }

  deinit { memory.deallocate() }

  /// The event at `place`.
  package subscript(place: Int) -> SelectorEvent {
    get {
      check(place)
      return memory[place]
    }
    set {
      check(place)
      memory[place] = newValue
    }
  }

  private func check(_ place: Int) {
    precondition(place >= 0 && place < count, "there is no event at \(place) of \(count)")
  }

  /// Adds an event behind all others. Amortised constant time.
  package mutating func append(_ event: SelectorEvent) {
    if count == memory.count { grow() }
    memory.initializeElement(at: count, to: event)
    count += 1
  }

  /// Forgets all events, and keeps the memory.
  package mutating func removeAll() { count = 0 }

  private mutating func grow() {
    let larger = UnsafeMutableBufferPointer<SelectorEvent>.allocate(capacity: 2 * count)
    _ = larger.moveInitialize(fromContentsOf: memory[..<count])
    memory.deallocate()
    memory = larger
  }
}
