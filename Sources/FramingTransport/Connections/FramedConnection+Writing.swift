import CSystemShims

/// How framed bytes go to the kernel, and sending ends.
extension FramedConnection {
  /// Has the loop flush before it waits, once for all that is queued by then.
  func planFlush() {
    // Whoever delivers sends afterwards.
    guard !isFlushPlanned && !isDelivering else { return }
    isFlushPlanned = true
    loop.flushSoon(self)
  }

  /// Hands what is queued to the kernel, as far as it takes it, and watches for what is to come next.
  func flushNow() {
    sendQueued()
    closeIfDone()
    updateInterest()
  }

  /// As ``flushNow()``, without a look at what is to be watched: for who looks at it afterwards.
  func sendQueued() {
    let waiting = framing.outputCount
    if waiting > 0 { write() }
    let left = framing.outputCount
    if waiting > 0 {
      judgeOutput(taken: waiting - left, waiting: left)
      countQueue(left)
    }
    if left == 0 {
      if framing.holdsOutput { lendOutputBack() }
      if case .ending = sending { endSending() }
      if waiting > 0 && isClosing { setCloseTimer() }  // It may be shorter now.
      resume(.flushed, with: nil)
    }
    if left <= settings.limits.lowMark {
      resume(.writable, with: nil)
      if isReadingPaused {
        // The handler gets what was held back before more is read.
        isReadingPaused = false
        deliver()
        readRestSoon()
        endIfDrained()
        if framing.outputCount > 0 { planFlush() }
      }
    }
  }

  @inline(__always)
  private func write() {
    guard !sending.isOver else { return framing.dropOutput() }
    var failure: SystemError?
    framing.send { bytes in
      do throws(SystemError) {
        let count = try loop.write(descriptor, bytes)
        self.count(.bytesSent, count)
        return count
      } catch {
        failure = error
        return bytes.count  // Nobody will get them.
      }
    }
    // Only now: whoever is told may reset the connection, which drops what was just being sent.
    if let failure { failSending(.system(failure)) }
  }

  private func endSending() {
    do throws(SystemError) {
      try loop.system.endWriting(descriptor)
      sending = .ended
    } catch {
      // ENOTCONN: the peer has closed both directions already.
      if error.code == ENOTCONN { sending = .ended } else { failSending(.system(error)) }
    }
  }

  private func failSending(_ error: ConnectionError) {
    // First: who is told may send at once, and is not to believe that it was sent.
    sending = .failed(error)
    note(error)
    if case .system(let error) = error, !error.isPeerGone {
      // The peer lives, and may have half of a frame: only a reset tells it that this is not the end.
      resetOnClose()
      closeNow(after: .system(error))
    } else {
      try? loop.system.endWriting(descriptor)
    }
    resumeSenders(with: error)
  }

  /// Gives the memory back that was taken for replies: to the loop if it has lent its own, else to the system.
  func lendOutputBack() {
    if loop.outputBuffer.capacity == 0 {
      framing.exchangeOutput(with: &loop.outputBuffer)
    } else {
      framing.dropOutput()
    }
  }
}
