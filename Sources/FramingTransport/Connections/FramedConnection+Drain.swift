import Framing

/// What a connection does when its server stops: what the peer has sent by then is served, what has begun is waited for,
/// and replies go out. Then it closes as ever.
extension FramedConnection {
  /// The server stops.
  func drain() {
    guard !isDraining, isOpen else { return }
    isDraining = true
    if isClosing { return setCloseTimer() }
    service?.onDrain?(self)
    // Bounded, so that a peer that goes on sending cannot keep the server.
    restBytes = CInt(clamping: max(0, loop.system.unread(of: descriptor).word))
    readRest()
    endIfDrained()
    updateInterest()
  }

  /// So many bytes of a read were taken, of as many as there was room for.
  func noteRest(taken: Int, offered: Int) {
    guard isDraining else { return }
    restBytes = CInt(clamping: Int(restBytes) - taken)
    // Less than there was room for is all that there was.
    hasReadAll = hasReadAll || taken < offered || restBytes <= 0
  }

  /// Reads what had come before the server stopped, of which nothing may have told so far.
  func readRest() {
    if isDraining && !hasReadAll && !isDelivering && wantsInput && !isClosing { read() }
  }

  /// As ``readRest()``, in the next turn of the loop: others have theirs before.
  func readRestSoon() {
    if isDraining && !hasReadAll && wantsInput && !isClosing { loop.execute { self.enter { $0.readRest() } } }
  }

  /// Ends receiving if nothing has begun that is not whole. Asked again whenever the program waits for a message: as long as
  /// it does not, messages may be here that it has yet to take.
  @inline(__always)
  func endIfDrained() { if isDraining { endIfNothingHasBegun() } }

  private func endIfNothingHasBegun() {
    guard hasReadAll, isWaitingForInput else { return }
    if let lastMessageOffset {
      guard framing.offset > lastMessageOffset else { return }
    } else if framing.unreadCount > 0 {
      lastMessageOffset = framing.offset
      return
    }
    receiving = .ended
    if hasHandler { return beginClose() }
    resumeReceiver()
    updateInterest()
  }

  /// The time of the server is over: the peer is told that nothing follows, and a second later the connection is closed,
  /// by a reset if bytes are left that it does not have.
  func cut() {
    guard isOpen else { return }
    if !isClosing || framing.outputCount > 0 {
      noteCut()
      note(.cut)
      endReceiving(.failed(.cut))
    }
    beginClose()
    closeLimit = min(closeLimit, loop.deadline(after: Self.shortCloseDeadline))
    setCloseTimer(isShort: true)
  }

  /// Counts, once, that the server has not finished with the connection.
  func noteCut() {
    if isCut { return }
    isCut = true
    count(.cut)
  }
}
