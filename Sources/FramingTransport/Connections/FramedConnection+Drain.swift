import Framing

/// What a connection does when its server stops: what the peer has sent by then is served, what has begun is waited for,
/// and replies go out. Then it closes as ever.
extension FramedConnection {
  /// The server stops.
  func drain() {
    guard !isDraining, socket != nil else { return }
    isDraining = true
    if isClosing { return setCloseTimer() }
    onDrain?(self)
    onDrain = nil
    readRest()
    endIfDrained()
    updateInterest()
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
  func endIfDrained() {
    guard isDraining, hasReadAll, isWaitingForInput else { return }
    let counts = framing.inputCounts(state)
    if let lastMessageOffset {
      guard counts.offset > lastMessageOffset else { return }
    } else if counts.unread > 0 {
      lastMessageOffset = counts.offset
      return
    }
    receiving = .ended
    if onMessage != nil { return beginClose() }
    resumeReceiver()
    updateInterest()
  }

  /// The time of the server is over: the peer is told that nothing follows, and a second later the connection is closed,
  /// by a reset if bytes are left that it did not take.
  func cut() {
    guard socket != nil else { return }
    if !isClosing || framing.outputCount(state) > 0 {
      note(.cut)
      endReceiving(.failed(.cut))
    }
    beginClose()
    setCloseTimer(isShort: true)
  }
}
