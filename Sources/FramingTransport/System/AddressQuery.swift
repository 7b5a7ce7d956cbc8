import Synchronization

/// The question which addresses a host has; answered once, or given up before.
package final class AddressQuery: Sendable {
  /// At least one address, in the order in which the system wants them tried; or why there is none.
  package typealias Answer = Result<[SocketAddress], SocketAddress.UnknownHost>

  /// The name of the host.
  package let host: String
  /// The port of the addresses.
  package let port: UInt16
  private let completion: Mutex<(@Sendable (Answer) -> Void)?>

  /// - Parameter completion: Gets the answer, on any thread; not called after ``cancel()``.
  package init(host: String, port: UInt16, _ completion: @escaping @Sendable (Answer) -> Void) {
    self.host = host
    self.port = port
    self.completion = Mutex(completion)
  }

  /// Whether nobody waits for an answer.
  package var isOver: Bool { completion.withLock { $0 == nil } }

  /// Answers, unless the query was answered or given up before.
  package func answer(_ answer: Answer) { take()?(answer) }

  /// Gives the query up: nothing that it holds is kept for an answer that may take long.
  package func cancel() { _ = take() }

  private func take() -> (@Sendable (Answer) -> Void)? {
    completion.withLock { completion in
      defer { completion = nil }
      return completion
    }
  }
}
