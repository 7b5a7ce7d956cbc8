import CSystemShims
import Framing

/// How bytes come from the kernel, and messages go to a synchronous handler.
extension FramedConnection {
  /// Reads once, so that no connection keeps the others waiting, and delivers what became whole.
  func read() {
    if isClosing { return discardInput() }
    framing.exchangeInput(with: &loop.inputBuffer, carrying: Self.carried)
    var outcome: Result<Socket.ReadOutcome, SystemError> = .success(.wouldBlock)
    var offered = 0
    // Never more room than has already come, whatever a peer has announced.
    let unread = framing.unreadCount
    let room =
      unread <= Self.carried ? Self.readSize : max(Self.carried, min(unread, framing.missingCount))
    framing.fill(room: room) { buffer in
      offered = buffer.count
      do throws(SystemError) {
        let result = try loop.read(descriptor, into: buffer)
        outcome = .success(result)
        if case .bytes(let count) = result { return count }
      } catch {
        outcome = .failure(error)
      }
      return 0
    }
    switch outcome {
    case .success(.bytes(let count)):
      self.count(.bytesReceived, count)
      noteRest(taken: count, offered: offered)
    case .success(.wouldBlock):
      lendInputBack()
      noteRest(taken: 0, offered: offered)
      return endIfDrained()
    case .success(.ended):
      peerHasEnded = true
      // A reset is told once. If sending has met it, what looks like the peer's end is none, unless that came first (EPIPE).
      if case .failed(.system(let error)) = sending, error.code != EPIPE {
        endReceiving(.failed(.system(error)))
      }
    case .failure(let error):
      peerHasEnded = error.isPeerGone
      endReceiving(.failed(.system(error)))
    }
    deliver()
    resumeReceiver()
    if case .failure(let error) = outcome, !error.isPeerGone {
      // The peer lives, and may wait for us to read before it reads itself: only a reset tells it that nobody will.
      lendInputBack()
      resetOnClose()
      return closeNow(after: .system(error))
    }
    judgeInput()
    endIfDrained()
    if hasHandler && (framing.outputCount > 0 || isReadingPaused) { sendQueued() }
    lendInputBack()
    closeIfDone()
    updateInterest()
    readRestSoon()
  }

  /// Gives whole messages to the synchronous handler, until it is behind with its replies, and closes when
  /// there is nothing more to give. Without such a handler, messages wait for a receiver.
  func deliver() {
    guard hasHandler, !isDelivering, !isReadingPaused, !isClosing, let onMessage = service?.onMessage else {
      return
    }
    deliver(to: onMessage)
    if isReadingPaused || isClosing { return }
    if peerHasEnded && receiving.isOpen {
      do throws(FramingError) { try framing.finish() } catch { decodingFailed(error) }
      deliver(to: onMessage)
      if isReadingPaused || isClosing { return }
      endReceiving(.ended)
    }
    if receiving.isOver { beginClose() }
  }

  /// While the handler runs, and whoever is told that it threw, the decoder is being accessed: nothing that they call may
  /// ask it for anything.
  private func deliver(to handler: MessageHandler) {
    var goesOn = true
    while goesOn {
      goesOn = false
      isDelivering = true
      do throws(FramingError) {
        try framing.deliver(to: handler, of: self)
      } catch {
        goesOn = !decodingFailed(error)
      }
      isDelivering = false
      if inheritInput() { goesOn = true }
      goesOn = goesOn && !isReadingPaused && !isClosing
    }
  }

  /// Gives one message to the handler; answers whether it is to get the next one.
  @usableFromInline
  func handle(_ message: Span<UInt8>, with handler: MessageHandler) -> Bool {
    countMessage()
    do {
      try handler(message, self)
    } catch {
      endReceiving(.failed(blame(for: error)))
      beginClose()
      return false
    }
    return !isInterrupted || goesOn()
  }

  /// Looks at what has happened while the handler had a message: answers whether it is to get the next one.
  private func goesOn() -> Bool {
    isInterrupted = false
    if framing.outputCount > settings.limits.queuedBytes {
      flushNow()
      isReadingPaused = framing.outputCount > settings.limits.queuedBytes
    }
    return !isReadingPaused && !isClosing && previous == nil
  }

  /// What a handler has thrown: the end of this connection, which it met when it sent, or an error of its own.
  private func blame(for thrown: any Error) -> ConnectionError {
    switch (thrown as? ConnectionError, sending) {
    case (let error?, .failed(let met)) where error == met: error
    case (.closed?, _) where !sending.isOpen: .closed
    default: .handler("\(thrown)")
    }
  }

  /// Ends receiving; or, if the frame with the error was only left out, tells of it. Answers whether it was final.
  @discardableResult
  private func decodingFailed(_ error: FramingError) -> Bool {
    guard framing.hasFailed else {
      count(.leftOut)
      service?.onFailure(self, .leftOut(error))
      return false
    }
    endReceiving(.failed(.framing(error)))
    return true
  }

  func endReceiving(_ end: Direction) {
    if case .failed(let error) = end { note(error) }
    if !receiving.isOver { receiving = end }
  }

  /// Gives the memory back that was taken for reading, if nothing or little is unread in it: to the loop if it has
  /// lent it to this connection, else to the system.
  func lendInputBack() {
    if !framing.holdsInput { return }
    if loop.inputBuffer.capacity < Self.readSize {
      // A small one would be held by this connection instead.
      if loop.inputBuffer.capacity > 0 { loop.inputBuffer.removeAll() }
      framing.exchangeInput(with: &loop.inputBuffer, carrying: Self.carried)
      loop.trimBuffers()
    } else {
      var none = FrameBuffer()
      framing.exchangeInput(with: &none, carrying: Self.carried)
    }
  }

  /// Reads and drops, to see the end of the stream; closing with unread bytes would reset the connection and
  /// could cost the peer our last bytes.
  private func discardInput() {
    _ = loop.inputBuffer.fill(room: Self.readSize) { buffer in
      do throws(SystemError) {
        switch try loop.read(descriptor, into: buffer) {
        case .ended: peerHasEnded = true
        case .bytes(let count): self.count(.bytesReceived, count)
        case .wouldBlock: break
        }
      } catch {
        peerHasEnded = true
      }
      return 0
    }
    if peerHasEnded && !receiving.isOver { receiving = .ended }
    closeIfDone()
    updateInterest()
  }
}
