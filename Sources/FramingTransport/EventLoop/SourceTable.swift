/// What a loop watches, by token.
///
///     token: | generation: 32 bits | index: 32 bits |
///
/// An index is used again, its generation is not: an event for a source that is gone finds nothing, even if
/// its descriptor and its index have been given to another one in the same turn.
struct SourceTable {
  private struct Slot {
    var generation: UInt32 = 0
    var source: (any EventSource)?
  }

  private var slots: [Slot] = []
  private var free: [UInt32] = []

  /// How many sources are watched.
  var count: Int { slots.count - free.count }

  /// Whether nothing is watched.
  var isEmpty: Bool { free.count == slots.count }

  /// Keeps `source` and answers its token.
  mutating func insert(_ source: any EventSource) -> UInt64 {
    let index = free.popLast() ?? UInt32(slots.count)
    if Int(index) == slots.count { slots.append(Slot()) }
    slots[Int(index)].source = source
    return UInt64(slots[Int(index)].generation) << 32 | UInt64(index)
  }

  /// Forgets the source of `token`, if it is still there.
  mutating func remove(_ token: UInt64) {
    guard self[token] != nil else { return }
    let index = Int(UInt32(truncatingIfNeeded: token))
    slots[index].source = nil
    slots[index].generation &+= 1
    free.append(UInt32(index))
  }

  /// The source of `token`; `nil` once it was removed.
  subscript(token: UInt64) -> (any EventSource)? {
    let index = Int(UInt32(truncatingIfNeeded: token))
    guard slots.indices.contains(index), slots[index].generation == UInt32(token >> 32) else { return nil }
    return slots[index].source
  }
}
