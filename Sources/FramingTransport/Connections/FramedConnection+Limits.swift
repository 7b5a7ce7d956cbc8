import Framing

/// What a connection does about its limits. One timer, set for the time that is over first and not moved by what happens
/// meanwhile: when it fires, it is seen whether the time is over, or set again.
extension FramedConnection: TimerTarget {
  /// Whether the program waits for the peer to send something.
  var isWaitingForInput: Bool {
    receiving.isOpen && !peerHasEnded && !isReadingPaused && (hasHandler || receiver != nil)
  }

  /// How many bytes of memory are held for what came and what is to be sent.
  package var heldBytes: Int { framing.capacity }

  /// After the input has changed, or a receiver has begun to wait: judges the frame that is not whole yet.
  func judgeInput() {
    // What is unread while the program waits is the beginning of a frame; else it may be messages that wait for it.
    let isPartial = framing.unreadCount > 0 && isWaitingForInput
    let isNearer = clock.input(messages: messageCount, isPartial: isPartial, now: loop.now)
    if isPartial && isFrameTooLong() { return }
    if isNearer || !isTimerForInput && isWaitingForInput { setLimitTimer() }
  }

  /// Ends the connection if the frame that has begun is longer than any may be.
  private func isFrameTooLong() -> Bool {
    let (length, overflow) = framing.unreadCount.addingReportingOverflow(framing.missingCount)
    guard overflow || length > settings.limits.frameBytes else { return false }
    let fault = FrameFault.tooLong(length: UInt64(clamping: length), limit: settings.limits.frameBytes)
    fail(.framing(FramingError(fault, at: framing.offset)))
    return true
  }

  /// After the kernel was given output: judges how fast the peer takes it.
  func judgeOutput(taken: Int, waiting: Int) {
    let isNearer = clock.output(
      taken: taken, waiting: waiting, enough: settings.limits.lowMark, now: loop.now)
    if isNearer { setLimitTimer() }
  }

  /// Sets the timer unless it fires early enough.
  func setLimitTimer() {
    isTimerForInput = isWaitingForInput
    if !isClosing, let next = nextLimit { setTimer(at: next.time) }
  }

  /// Has the timer fire at `deadline`, unless it fires earlier.
  func setTimer(at deadline: Int64) {
    if let earlier = loop.timerDeadline(of: self), earlier <= deadline { return }
    loop.cancelTimer(of: self)
    loop.setTimer(of: self, at: deadline)
  }

  nonisolated func timerFired() {
    enter { connection in
      if connection.isClosing { connection.closeDeadlineReached() } else { connection.limitReached() }
    }
  }

  private var nextLimit: (limit: TimeLimit, time: Int64)? {
    clock.deadline(settings.times, isWaiting: isWaitingForInput)
  }

  private func limitReached() {
    guard let next = nextLimit, next.time <= loop.now else { return setLimitTimer() }
    if next.limit == .write {
      // What it does not take cannot be flushed.
      note(.timedOut(.write))
      resetOnClose()
      closeNow(after: .timedOut(.write))
    } else {
      fail(.timedOut(next.limit))
    }
  }

  /// Ends the connection because of what the peer did, or did not: what was sent still goes out.
  private func fail(_ error: ConnectionError) {
    endReceiving(.failed(error))
    beginClose()
  }
}
