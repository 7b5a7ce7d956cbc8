import FramingTransport
import Synchronization

/// A list that is written on the loop and read in the test.
final class Log<Entry: Sendable>: Sendable {
  private let list = Mutex<[Entry]>([])
  private let stream: AsyncStream<Entry>
  private let continuation: AsyncStream<Entry>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  var entries: [Entry] { list.withLock { $0 } }

  func add(_ entry: Entry) {
    list.withLock { $0.append(entry) }
    continuation.yield(entry)
  }

  /// The next entry that nobody has waited for, as soon as it is there.
  func next() async -> Entry? { await stream.first { _ in true } }
}

extension Log<ServerEvent> {
  /// Takes what went wrong, and leaves the phases of the server out.
  func note(_ event: ServerEvent) {
    if event.error != nil { add(event) }
  }
}
