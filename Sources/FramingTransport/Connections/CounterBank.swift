import Synchronization

/// What the connections of one loop count. Written on the thread of that loop only, read from any.
///
/// Counting is a load and a store: with one writer, nothing needs to be locked, not even by the processor.
// Unchecked: the address never changes, and what stands there are atomics.
final class CounterBank: @unchecked Sendable {
  private let cells: UnsafeMutablePointer<Atomic<Int>>

  init() {
    let count = ServerCounters.Counter.allCases.count
    cells = .allocate(capacity: count)
    for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
  }

  deinit {
    cells.deinitialize(count: ServerCounters.Counter.allCases.count)
    cells.deallocate()
  }

  /// The number of one counter, from any thread.
  subscript(_ counter: ServerCounters.Counter) -> Int { cells[counter.rawValue].load(ordering: .relaxed) }

  /// Counts `amount`, which may be below zero.
  func add(_ counter: ServerCounters.Counter, _ amount: Int = 1) {
    cells[counter.rawValue].store(self[counter] &+ amount, ordering: .relaxed)
  }

  /// Counts the change of what one connection has queued.
  func addQueued(_ change: Int) {
    add(.queuedBytes, change)
    let now = self[.queuedBytes]
    if now > self[.highestQueuedBytes] {
      cells[ServerCounters.Counter.highestQueuedBytes.rawValue].store(now, ordering: .relaxed)
    }
  }

  /// Counts why a connection ended, once.
  func add(failure error: ConnectionError) {
    switch error {
    case .framing(let error):
      switch error.fault.kind {
      case .tooLong: add(.tooLong)
      case .truncated: add(.truncated)
      case .malformed: add(.malformed)
      case .unencodable: break
      }
    case .leftOut: add(.leftOut)
    case .proxy: add(.proxyHeaders)
    case .system(let error): if error.isPeerGone { add(.peerResets) }
    case .unsent: add(.closeTimeouts)
    case .timedOut(.handshake): add(.handshakeTimeouts)
    case .timedOut(.message): add(.messageTimeouts)
    case .timedOut(.idle): add(.idleTimeouts)
    case .timedOut(.write): add(.writeTimeouts)
    case .handler: add(.handlerErrors)
    case .refused(.total): add(.refused)
    case .refused(.perPeer): add(.refusedPerPeer)
    // What only clients meet is not counted.
    case .cut, .closed, .cancelled, .timedOut(.connect), .unknownHost, .unreachable: break
    }
  }
}
