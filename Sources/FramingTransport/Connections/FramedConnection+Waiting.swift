/// How somebody waits for a connection: to have room for more, to have sent, or to be closed.
extension FramedConnection {
  /// A number to find again who waits.
  func nextTicket() -> UInt64 {
    lastTicket += 1
    return lastTicket
  }

  /// Waits until `event`, or until it cannot come any more.
  func wait(for event: Waiter.Event) async throws(ConnectionError) {
    let ticket = nextTicket()
    let error = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        waiters.append(Waiter(event: event, ticket: ticket, continuation: continuation))
        // As in `receive()`: what is waited for may have happened on the way here.
        if Task.isCancelled { cancelWaiter(ticket) }
        resumeIfOver()
        updateInterest()
      }
    } onCancel: {
      loop.execute { self.enter { $0.cancelWaiter(ticket) } }
    }
    if let error { throw error }
  }

  /// Resumes those who wait for `event`.
  @inline(__always)
  func resume(_ event: Waiter.Event, with error: ConnectionError?) {
    if !waiters.isEmpty { resumeWaiters(for: event, with: error) }
  }

  private func resumeWaiters(for event: Waiter.Event, with error: ConnectionError?) {
    let resumed = waiters.filter { $0.event == event }
    waiters.removeAll { $0.event == event }
    for waiter in resumed { waiter.continuation.resume(returning: error) }
  }

  /// Resumes those who wait to send: nothing can be sent any more.
  func resumeSenders(with error: ConnectionError) {
    resume(.writable, with: error)
    resume(.flushed, with: error)
  }

  /// Resumes those who wait for something that has already happened, or cannot happen any more.
  private func resumeIfOver() {
    guard !waiters.isEmpty else { return }
    if !isOpen { resume(.closed, with: nil) }
    if case .failed(let error) = sending { return resumeSenders(with: error) }
    let left = framing.outputCount
    if left == 0 { resume(.flushed, with: nil) }
    if left <= settings.limits.lowMark { resume(.writable, with: nil) }
  }

  private func cancelWaiter(_ ticket: UInt64) {
    guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
    // What was waited for goes on by itself; so does closing.
    waiters.remove(at: index).continuation.resume(returning: .cancelled)
  }
}
