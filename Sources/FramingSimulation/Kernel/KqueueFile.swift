import CSystemShims
import FramingTransport

/// A `kqueue`: reading and writing are filters of their own, each with its own event, and a closed descriptor is forgotten.
///
/// Written from the manual page; there is no real one here to compare it with.
final class KqueueFile: OpenFile {
  private var filters: [(descriptor: CInt, file: OpenFile, interest: Interest)] = []

  override var condition: Condition { isReady ? .readable : [] }
  var isReady: Bool { filters.contains { !Self.bits($0.file, $0.interest).isEmpty } }

  func add(_ descriptor: CInt, _ file: OpenFile, _ interest: Interest) {
    guard index(of: descriptor, interest) == nil else { return }
    filters.append((descriptor, file, interest))
  }

  /// Answers whether there was one.
  func remove(_ descriptor: CInt, _ interest: Interest) -> Bool {
    guard let index = index(of: descriptor, interest) else { return false }
    filters.remove(at: index)
    return true
  }

  func forget(_ descriptor: CInt) { filters.removeAll { $0.descriptor == descriptor } }

  private func index(of descriptor: CInt, _ interest: Interest) -> Int? {
    filters.firstIndex { $0.descriptor == descriptor && $0.interest == interest }
  }

  /// What is ready, at the most `capacity` of it; the token of an event is its descriptor.
  func take(_ capacity: Int, isSpurious: Bool) -> [(token: UInt64, condition: Condition)] {
    var found: [(token: UInt64, condition: Condition)] = []
    for filter in filters where found.count < capacity {
      var bits = Self.bits(filter.file, filter.interest)
      if isSpurious && !(filter.file is WakerFile) { bits = Condition(filter.interest) }
      if !bits.isEmpty { found.append((UInt64(filter.descriptor), bits)) }
    }
    return found
  }

  /// What a filter reports: the end of both directions as a hang-up, with what was asked for.
  private static func bits(_ file: OpenFile, _ interest: Interest) -> Condition {
    let condition = file.condition
    let wanted = Condition(interest)
    var bits = condition.intersection(wanted)
    if condition.contains(.hangUp) { bits.formUnion(wanted.union(.hangUp)) }
    return bits
  }
}

extension SimulatedKernel {
  package func kqueueCreate() -> CallResult {
    state.withLock { state in
      let fault = state.injector.next(.open)
      let result = fault?.failure ?? state.world.open(KqueueFile())
      state.note(.open, nil, result, fault)
      return result
    }
  }

  package func kqueueControl(_ queue: CInt, _ change: KqueueChange, _ descriptor: CInt) -> CallResult {
    state.withLock { state in
      guard let table = state.world[queue] as? KqueueFile else { return .error(EBADF) }
      switch change {
      case .add(let interest):
        let fault = state.injector.next(.watch)
        let result = fault?.failure ?? state.add(descriptor, interest, to: table)
        state.note(.watch, descriptor, result, fault)
        return result
      case .remove(let interest):
        let fault = state.injector.next(.unwatch)
        let result = table.remove(descriptor, interest) ? CallResult(0) : .error(ENOENT)
        state.note(.unwatch, descriptor, result, fault)
        return result
      }
    }
  }

  package func kqueueWait(
    _ queue: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?
  ) -> CallResult {
    state.withLock { state in
      guard let table = state.world[queue] as? KqueueFile else { return .error(EBADF) }
      return state.wait(.kqueue(table), timeout) { state, fault in
        var found = table.take(fault == .one ? 1 : events.count, isSpurious: fault == .spurious)
        if state.world.conditions.isShuffled { found.shuffle(using: &state.world.random) }
        for (index, event) in found.enumerated() {
          events[index] = csys_event(token: event.token, readiness: UInt32(event.condition.pollBits))
        }
        return CallResult(found.count)
      }
    }
  }
}

extension SimulatedKernel.State {
  fileprivate func add(_ descriptor: CInt, _ interest: Interest, to table: KqueueFile) -> CallResult {
    guard let file = world[descriptor] else { return .error(EBADF) }
    table.add(descriptor, file, interest)
    return CallResult(0)
  }
}
