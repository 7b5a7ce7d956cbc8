import Framing

/// How messages are taken from a connection by whoever waits for them.
extension FramedConnection {
  /// The messages as they arrive, until the peer closes.
  public nonisolated var messages: MessageSequence { MessageSequence(connection: self) }

  /// The next message; `nil` once the peer has closed. One task at a time may wait.
  ///
  /// A handler does not suspend if a message has already arrived. If the task is cancelled while it waits, the
  /// connection stays usable.
  ///
  /// - Throws: ``ConnectionError``, after the last whole message; behind ``ConnectionError/leftOut(_:)`` further ones
  ///   can be received.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func receive() async throws(ConnectionError) -> [UInt8]? {
    try await next(wholeOnly: false)
  }

  /// As ``receive()``; if `wholeOnly`, the server is told of frames that were left out, and the caller is not.
  @inlinable
  @inline(__always)
  nonisolated(nonsending) func next(wholeOnly: Bool) async throws(ConnectionError) -> [UInt8]? {
    // Neither isolated nor a call, for the same reason as sending.
    if let result = takeHere(wholeOnly: wholeOnly) { return try result.get() }
    return try await waitForMessage(wholeOnly: wholeOnly)
  }

  /// What a receiver on the loop's thread gets now; `nil` if it has to wait, or is elsewhere.
  @usableFromInline
  nonisolated func takeHere(wholeOnly: Bool) -> Received? {
    enterIfHere(with: wholeOnly, Self.takeEntered) ?? nil
  }

  private static let takeEntered: Entry<Bool, Received?> = { $0.takeMessage(wholeOnly: $1) }

  /// Waits for what there was not when it was asked for.
  @usableFromInline
  nonisolated(nonsending) func waitForMessage(wholeOnly: Bool) async throws(ConnectionError) -> [UInt8]? {
    try await (isWithOwner ? waitAsOwner(wholeOnly) : waitOrCancel(wholeOnly)).get()
  }

  @inline(__always)
  private nonisolated(nonsending) func waitAsOwner(_ wholeOnly: Bool) async -> Received {
    await withUnsafeContinuation { enter(with: ($0, wholeOnly), Self.ownerWaits) }
  }

  private static let ownerWaits: Entry<(UnsafeContinuation<Received, Never>, Bool), Void> = {
    $0.wait(as: Receiver(ticket: ownersTicket, continuation: $1.0), wholeOnly: $1.1)
  }

  /// Waits in any task, and learns of its cancellation.
  private func waitOrCancel(_ wholeOnly: Bool) async -> Received {
    // Who is elsewhere has not asked yet.
    if let result = takeMessage(wholeOnly: wholeOnly) { return result }
    if isDraining {
      readRest()
      // As long as more is there, others have their turn in between, and the time of the server can end.
      if !hasReadAll { await Task.yield() }
      if let result = takeMessage(wholeOnly: wholeOnly) { return result }
    }
    let ticket = nextTicket()
    return await withTaskCancellationHandler {
      await withUnsafeContinuation {
        wait(as: Receiver(ticket: ticket, continuation: $0), wholeOnly: wholeOnly)
      }
    } onCancel: {
      loop.execute { self.enter { $0.cancelReceiver(ticket) } }
    }
  }

  private func wait(as receiver: Receiver, wholeOnly: Bool) {
    precondition(self.receiver == nil, "two tasks wait for the next message of one connection")
    flushNow()
    lendInputBack()
    self.receiver = receiver
    receivesWholeOnly = wholeOnly
    // On the way here the loop may have turned, and its task may have been cancelled.
    if Task.isCancelled { cancelReceiver(receiver.ticket) }
    resumeReceiver()
    judgeInput()
    endIfDrained()
    updateInterest()
  }

  /// What a receiver gets now; `nil` if it has to wait.
  private func takeMessage(wholeOnly: Bool) -> Received? {
    precondition(!hasHandler, "the messages of this connection go to its synchronous handler")
    while true {
      do throws(FramingError) {
        if let message = try framing.next() { return .success(taken(message)) }
        // Only now, not when the end came: until its last message was taken, the framing may still be changed.
        if peerHasEnded && receiving.isOpen {
          try framing.finish()
          if let message = try framing.next() { return .success(taken(message)) }
          endReceiving(.ended)
          lendInputBack()  // Nobody will wait again, which does it otherwise.
        }
      } catch {
        if framing.hasFailed {
          endReceiving(.failed(.framing(error)))
          updateInterest()
          return .failure(.framing(error))
        }
        count(.leftOut)
        if !wholeOnly { return .failure(.leftOut(error)) }
        service?.onFailure(self, .leftOut(error))
        continue
      }
      switch receiving {
      case .open, .ending: return nil
      case .ended: return .success(nil)
      case .failed(let error): return .failure(error)
      }
    }
  }

  private func taken(_ message: [UInt8]) -> [UInt8] {
    countMessage()
    return message
  }

  func resumeReceiver() {
    guard let receiver else { return }
    // Nobody else resumes it, whatever those do who are told of a frame that was left out.
    self.receiver = nil
    if let result = takeMessage(wholeOnly: receivesWholeOnly) {
      receiver.continuation.resume(returning: result)
    } else {
      self.receiver = receiver
    }
  }

  func cancelReceiver(_ ticket: UInt64) {
    guard let receiver, receiver.ticket == ticket else { return }
    self.receiver = nil
    receiver.continuation.resume(returning: .failure(.cancelled))
    updateInterest()  // Nobody waits: what has come already may be all that there is room for.
  }
}
