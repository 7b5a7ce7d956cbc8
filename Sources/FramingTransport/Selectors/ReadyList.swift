/// The sockets that a wait found ready, in the order in which they were found.
///
/// In memory of its own, which is kept from wait to wait. An array would do as well, but asks before each change whether
/// somebody else has it, too: that takes longer than to look at what was found.
package struct ReadyList: ~Copyable {
  /// How many were found.
  package private(set) var count = 0
  private var memory: UnsafeMutableBufferPointer<SelectorEvent>

  /// Nothing yet; has room for as many as one wait of `epoll` or `kqueue` finds.
  package init() { memory = .allocate(capacity: 256) }

  // An event holds no reference, so that there is nothing to deinitialize.
  deinit { memory.deallocate() }

  /// The event at `place`.
  package subscript(place: Int) -> SelectorEvent {
    get {
      precondition(place < count, "there are fewer events")
      return memory[place]
    }
    set {
      precondition(place < count, "there are fewer events")
      memory[place] = newValue
    }
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
