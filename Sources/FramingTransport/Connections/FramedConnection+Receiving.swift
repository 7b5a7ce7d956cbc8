import Framing

/// How messages are taken from a connection by whoever waits for them.
extension FramedConnection {
  /// The messages as they arrive, until the peer closes.
  public nonisolated var messages: MessageSequence { MessageSequence(connection: self) }

  /// The next message; `nil` once the peer has closed. One task at a time may wait.
  ///
  /// Does not suspend if a message has already arrived. If the task is cancelled while it waits, the
  /// connection stays usable.
  ///
  /// - Throws: ``ConnectionError``, after the last whole message; behind ``ConnectionError/leftOut(_:)`` further ones
  ///   can be received.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func receive() async throws(ConnectionError) -> [UInt8]? {
    // Neither isolated nor a call, for the same reason as sending.
    if let result = takeHere() { return try result.get() }
    return try await waitForMessage()
  }

  @usableFromInline
  nonisolated func takeHere() -> Received? { enterIfHere(with: (), Self.takeEntered) ?? nil }

  private static let takeEntered: Entry<Void, Received?> = { connection, _ in connection.takeMessage() }

  /// Waits for what there was not when it was asked for.
  @usableFromInline
  nonisolated(nonsending) func waitForMessage() async throws(ConnectionError) -> [UInt8]? {
    try await (isWithOwner ? waitAsOwner() : waitOrCancel()).get()
  }

  @inline(__always)
  private nonisolated(nonsending) func waitAsOwner() async -> Received {
    await withUnsafeContinuation { enter(with: $0, Self.ownerWaits) }
  }

  private static let ownerWaits: Entry<UnsafeContinuation<Received, Never>, Void> = {
    $0.wait(with: $1, ticket: ownersTicket)
  }

  /// Waits in any task, and learns of its cancellation.
  private func waitOrCancel() async -> Received {
    if let result = takeMessage() { return result }
    if isDraining {
      readRest()
      // As long as more is there, others have their turn in between, and the time of the server can end.
      if !hasReadAll { await Task.yield() }
      if let result = takeMessage() { return result }
    }
    let ticket = nextTicket()
    return await withTaskCancellationHandler {
      await withUnsafeContinuation { wait(with: $0, ticket: ticket) }
    } onCancel: {
      loop.execute { self.enter { $0.cancelReceiver(ticket) } }
    }
  }

  private func wait(with continuation: UnsafeContinuation<Received, Never>, ticket: UInt64) {
    precondition(receiver == nil, "two tasks wait for the next message of one connection")
    flushNow()
    lendInputBack()
    receiver = Receiver(ticket: ticket, continuation: continuation)
    // On the way here the loop may have turned, and an owner did not look whether a message, or the end, is here already.
    if Task.isCancelled { cancelReceiver(ticket) }
    resumeReceiver()
    judgeInput()
    endIfDrained()
    updateInterest()
  }

  /// What a receiver gets now; `nil` if it has to wait.
  func takeMessage() -> Received? {
    precondition(!hasHandler, "the messages of this connection go to its synchronous handler")
    do throws(FramingError) {
      if let message = try framing.next() { return .success(taken(message)) }
      // Only now, not when the end came: until its last message was taken, the framing may still be changed.
      if peerHasEnded && receiving.isOpen {
        try framing.finish()
        if let message = try framing.next() { return .success(taken(message)) }
        endReceiving(.ended)
      }
    } catch {
      guard framing.hasFailed else {
        count(.leftOut)
        return .failure(.leftOut(error))
      }
      endReceiving(.failed(.framing(error)))
      updateInterest()
      return .failure(.framing(error))
    }
    switch receiving {
    case .open, .ending: return nil
    case .ended: return .success(nil)
    case .failed(let error): return .failure(error)
    }
  }

  func countMessage() {
    messageCount &+= 1
    count(.messagesReceived)
  }

  private func taken(_ message: [UInt8]) -> [UInt8] {
    countMessage()
    return message
  }

  func resumeReceiver() {
    guard let receiver, let result = takeMessage() else { return }
    self.receiver = nil
    receiver.continuation.resume(returning: result)
  }

  func cancelReceiver(_ ticket: UInt64) {
    guard let receiver, receiver.ticket == ticket else { return }
    self.receiver = nil
    receiver.continuation.resume(returning: .failure(.cancelled))
    updateInterest()  // Nobody waits: what has come already may be all that there is room for.
  }

  /// `result`, or what follows it: tells of frames that were left out and goes on behind them.
  @usableFromInline
  nonisolated(nonsending) func whole(_ result: Received?) async throws(ConnectionError) -> [UInt8]? {
    var result = result
    while true {
      do throws(ConnectionError) {
        return if let result { try result.get() } else { try await waitForMessage() }
      } catch {
        try await leaveOut(error)
      }
      result = takeHere()
    }
  }

  /// Tells of a frame that was left out; throws any other error.
  private func leaveOut(_ error: ConnectionError) throws(ConnectionError) {
    guard case .leftOut = error else { throw error }
    service?.onFailure(self, error)
  }
}
