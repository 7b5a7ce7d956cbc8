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
  public func receive() async throws(ConnectionError) -> [UInt8]? {
    // Inlined, so that a handler sees that it stays where it is: a task that is not sure looks for its executor, which costs
    // more than a message does. For the same reason what follows on waiting is a call of this actor.
    if let result = takeMessage() { return try result.get() }
    let result = await waitForMessage()
    return try settle(result)
  }

  @usableFromInline
  func settle(_ result: Received) throws(ConnectionError) -> [UInt8]? { try result.get() }

  /// Waits for what there was not when it was asked for.
  @usableFromInline
  nonisolated(nonsending) func waitForMessage() async -> Received {
    isWithOwner ? await waitAsOwner() : await waitOrCancel()
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
  @usableFromInline
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

  /// As ``receive()``, but tells of frames that were left out and goes on behind them.
  @usableFromInline
  func receiveWhole() async throws(ConnectionError) -> [UInt8]? {
    while true {
      do throws(ConnectionError) { return try await receive() } catch { try leaveOut(error) }
    }
  }

  /// As ``receiveWhole()``; where the caller is, if it is the owner.
  @usableFromInline
  nonisolated(nonsending) func nextWhole() async throws(ConnectionError) -> [UInt8]? {
    while isWithOwner {
      do throws(ConnectionError) { return try await waitAsOwner().get() } catch {
        if let error = enter(with: error, Self.leaveOutEntered) { throw error }
      }
    }
    return try await receiveWhole()
  }

  private static let leaveOutEntered: Entry<ConnectionError, ConnectionError?> = { connection, error in
    do throws(ConnectionError) { try connection.leaveOut(error) } catch { return error }
    return nil
  }

  /// Tells of a frame that was left out; throws any other error.
  private func leaveOut(_ error: ConnectionError) throws(ConnectionError) {
    guard case .leftOut = error else { throw error }
    service?.onFailure(self, error)
  }

  /// A message that is there, and is before any error; `nil` without one, or elsewhere than on the loop.
  @usableFromInline
  nonisolated func wholeMessageNow() -> [UInt8]? { loop.isCurrent ? enter(with: (), Self.takeWhole) : nil }

  private static let takeWhole: Entry<Void, [UInt8]?> = { connection, _ in connection.wholeMessage() }

  private func wholeMessage() -> [UInt8]? {
    precondition(!hasHandler, "the messages of this connection go to its synchronous handler")
    do throws(FramingError) {
      guard let message = try framing.next() else { return nil }
      return taken(message)
    } catch {
      // Asked again, the framing would not tell of a frame that it has left out.
      if !framing.hasFailed {
        count(.leftOut)
        service?.onFailure(self, .leftOut(error))
      }
      return nil
    }
  }
}
