import CSystemShims
import Synchronization

/// Threads that ask for the addresses of hosts, as `getaddrinfo` blocks: neither an event loop nor the threads that tasks
/// share may wait for a name server.
///
/// Each lives as long as queries wait. There are few at a time: more queries than threads wait in a queue, first come,
/// first served, so that a name server that does not answer costs no more than a few threads.
final class ResolverThreads: Sendable {
  /// What this process uses.
  static let shared = ResolverThreads(limit: 8) { query in
    do throws(SocketAddress.UnknownHost) {
      return .success(try SocketAddress.resolve(host: query.host, port: query.port))
    } catch {
      return .failure(error)
    }
  }

  private struct State {
    var threads = 0
    /// Those from `first` on wait. Queries that were given up lie there until it is their turn.
    var queue: [AddressQuery] = []
    var first = 0

    mutating func next() -> AddressQuery? {
      while first < queue.count {
        defer { first += 1 }
        // Now and then, so that each is moved a constant number of times.
        if first > 64 && 2 * first > queue.count {
          queue.removeFirst(first)
          first = 0
        }
        if !queue[first].isOver { return queue[first] }
      }
      (queue, first) = ([], 0)
      return nil
    }
  }

  private let state = Mutex(State())
  private let limit: Int
  private let lookUp: @Sendable (AddressQuery) -> AddressQuery.Answer

  /// - Parameters:
  ///   - limit: How many threads there may be at a time.
  ///   - lookUp: Finds the answer, and may block.
  init(limit: Int, lookUp: @escaping @Sendable (AddressQuery) -> AddressQuery.Answer) {
    self.limit = limit
    self.lookUp = lookUp
  }

  /// Answers `query` from another thread, as soon as one is free. Does not block.
  func resolve(_ query: AddressQuery) {
    let needsThread = state.withLock { state in
      state.queue.append(query)
      guard state.threads < limit else { return false }
      state.threads += 1
      return true
    }
    guard needsThread else { return }
    let threads = Unmanaged.passRetained(self)
    let code = csys_thread_start(
      { Unmanaged<ResolverThreads>.fromOpaque($0!).takeRetainedValue().run() }, threads.toOpaque())
    guard code != 0 else { return }
    threads.release()
    threadRefused(code)
  }

  /// On a thread of its own: answers until no query waits.
  private func run() {
    while let query = next() { query.answer(lookUp(query)) }
  }

  /// The next query; without one, the thread that asks is counted no longer.
  private func next() -> AddressQuery? {
    state.withLock { state in
      if let query = state.next() { return query }
      state.threads -= 1
      return nil
    }
  }

  /// The system has no thread to give. If there are others, what waits is theirs; else nobody would ever answer.
  private func threadRefused(_ code: CInt) {
    let stranded = state.withLock { state in
      state.threads -= 1
      guard state.threads == 0 else { return [AddressQuery]() }
      defer { (state.queue, state.first) = ([], 0) }
      return Array(state.queue[state.first...])
    }
    let reason = "no thread could be started to ask: \(String(cString: strerror(code)))"
    for query in stranded {
      query.answer(.failure(SocketAddress.UnknownHost(host: query.host, reason: reason)))
    }
  }
}
