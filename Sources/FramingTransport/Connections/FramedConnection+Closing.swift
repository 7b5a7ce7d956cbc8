/// How a connection ends: without losing anything if it can, else by force.
extension FramedConnection {
  /// Closes without losing anything: sends what is queued, tells the peer, waits until it has closed too.
  ///
  /// Messages that arrive meanwhile are dropped. After ``ConnectionLimits/closeTime`` the connection is cut.
  ///
  /// - Throws: ``ConnectionError/unsent(bytes:)`` if the peer did not take everything in time, or what ended the
  ///   connection before.
  public func close() async throws(ConnectionError) {
    beginClose()
    if isOpen { try await wait(for: .closed) }
    if let failure { throw failure }
  }

  /// As ``close()``, but does not wait; for handlers that cannot.
  public func beginClose() {
    guard isOpen, !isClosing else { return }
    isClosing = true
    isInterrupted = true
    loop.cancelTimer(of: self)
    isReadingPaused = false
    if !receiving.isOver { receiving = .ended }
    if sending.isOpen { sending = .ending }
    closeLimit = loop.deadline(after: settings.limits.closeTime)
    flushNow()
    resumeReceiver()
    setCloseTimer()
  }

  /// Closes at once: drops what is queued, and the peer sees an error (`ECONNRESET`).
  public func reset() {
    resetOnClose()
    closeNow(after: .closed)
  }

  /// Makes closing a reset.
  func resetOnClose() {
    guard isOpen else { return }
    count(.resets)
    loop.system.resetOnClose(descriptor)
  }

  /// Closes by force after a while, a short one if the peer has no claim to a long one.
  func setCloseTimer(isShort: Bool = false) {
    guard isOpen else { return }
    let isShort = isShort || framing.outputCount == 0 && (isDraining || failure != nil)
    let deadline = loop.deadline(after: isShort ? Self.shortCloseDeadline : settings.limits.closeTime)
    setTimer(at: deadline)
  }

  /// Closes by force, unless the peer is still taking what was sent.
  func closeDeadlineReached() {
    // What the kernel has is not what the peer has: closing now could cost it the rest. Over Unix sockets it could not.
    let unacknowledged = peer.family == .unix ? 0 : max(0, loop.system.unacknowledged(of: descriptor).word)
    let unsent = framing.outputCount + unacknowledged
    guard unsent > 0 else { return closeNow() }
    if loop.system.now() < closeLimit { return setCloseTimer(isShort: true) }
    note(.unsent(bytes: unsent))
    if isDraining { noteCut() }
    resetOnClose()
    closeNow(after: .unsent(bytes: unsent))
  }

  /// Closes the descriptor once both directions are over and nothing unread would make a reset of it.
  func closeIfDone() {
    if isClosing && isOpen && sending.isOver && peerHasEnded { closeNow() }
  }

  /// Closes the descriptor, and ends what has not ended: with `error`, or without one as far as receiving goes.
  func closeNow(after error: ConnectionError? = nil) {
    loop.cancelTimer(of: self)
    isClosing = true
    isInterrupted = true
    unwatch()
    closeSocket()
    if !receiving.isOver { receiving = error.map { .failed($0) } ?? .ended }
    if !sending.isOver { sending = .failed(error ?? .closed) }
    framing.dropOutput()
    countQueue(0)
    resumeReceiver()
    resumeSenders(with: failure ?? .closed)
    resume(.closed, with: nil)
    hasHandler = false
    guard let service else { return }
    self.service = nil
    service.onClose(self)
  }
}
