/// What a connection tells of itself: to its server, and to those who look at the counters.
extension FramedConnection {
  /// Keeps the first failure, and tells of it at once.
  func note(_ error: ConnectionError) {
    guard failure == nil else { return }
    failure = error
    settings.counters?.add(failure: error)
    service?.onFailure(self, error)
  }

  func count(_ counter: ServerCounters.Counter, _ amount: Int = 1) { settings.counters?.add(counter, amount) }

  /// Counts a message that was taken.
  func countMessage() {
    messageCount &+= 1
    count(.messagesReceived)
  }

  /// Counts that so many bytes are queued now.
  func countQueue(_ bytes: Int) {
    guard bytes != countedQueue else { return }
    settings.counters?.addQueued(bytes - countedQueue)
    countedQueue = bytes
  }
}
