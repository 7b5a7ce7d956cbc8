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
  public nonisolated(nonsending) func receive() async throws(ConnectionError) -> [UInt8]? {
    if loop.isCurrent, let result = enter(with: (), Self.takeNow) { return try result.get() }
    return try await waitForMessage()
  }

  // Not actors' methods to the compiler, these and those that call them: that would have the task look for its executor
  // before and after each call, which costs more than a message does.
  private static let takeNow: Entry<Void, Received?> = { connection, _ in
    precondition(
      connection.onMessage == nil, "the messages of this connection go to its synchronous handler")
    return connection.takeMessage()
  }

  private func waitForMessage() async throws(ConnectionError) -> [UInt8]? {
    precondition(onMessage == nil, "the messages of this connection go to its synchronous handler")
    if let result = takeMessage() { return try result.get() }
    readRest()
    // As long as more is there, others have their turn in between, and the time of the server can end.
    if isDraining && !hasReadAll { await Task.yield() }
    if let result = takeMessage() { return try result.get() }
    precondition(receiver == nil, "two tasks wait for the next message of one connection")
    flushNow()
    lendInputBack()
    let ticket = nextTicket()
    let result = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        receiver = (ticket, continuation)
        // A task that does not prefer the loop may have let it turn on the way here.
        if Task.isCancelled { cancelReceiver(ticket) }
        resumeReceiver()
        judgeInput()
        endIfDrained()
        updateInterest()
      }
    } onCancel: {
      loop.execute { self.enter { $0.cancelReceiver(ticket) } }
    }
    return try result.get()
  }

  /// What a receiver gets now; `nil` if it has to wait.
  func takeMessage() -> Received? {
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

  func count(taken messages: Int) {
    messageCount &+= UInt64(messages)
    count(.messagesReceived, messages)
  }

  private func taken(_ message: [UInt8]) -> [UInt8] {
    count(taken: 1)
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

  /// As ``receive()``, but tells of frames that were left out and goes on behind them.
  @usableFromInline
  nonisolated(nonsending) func receiveWhole() async throws(ConnectionError) -> [UInt8]? {
    while true {
      do throws(ConnectionError) { return try await receive() } catch {
        guard case .leftOut = error else { throw error }
        await tell(of: error)
      }
    }
  }

  /// A message that is there, and is before any error; `nil` without one, or elsewhere than on the loop.
  @usableFromInline
  nonisolated func wholeMessageNow() -> [UInt8]? { loop.isCurrent ? enter(with: (), Self.takeWhole) : nil }

  private static let takeWhole: Entry<Void, [UInt8]?> = { connection, _ in
    precondition(
      connection.onMessage == nil, "the messages of this connection go to its synchronous handler")
    return connection.wholeMessage()
  }

  private func wholeMessage() -> [UInt8]? {
    do throws(FramingError) {
      return try framing.next().map { taken($0) }
    } catch {
      // Asked again, the framing would not tell of a frame that it has left out.
      if !framing.hasFailed {
        count(.leftOut)
        onFailure?(.leftOut(error))
      }
      return nil
    }
  }

  private func tell(of error: ConnectionError) { onFailure?(error) }
}
