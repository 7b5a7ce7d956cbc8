import CSystemShims
import Framing

/// What the loop does with a connection: reads, delivers, writes, and closes it when all is done.
extension FramedConnection: EventSource {
  // MARK: Entering

  package nonisolated func ready(_ readiness: Readiness) { enter(with: readiness, Self.handleReadiness) }

  package nonisolated func flush() { enter(with: (), Self.flushPlanned) }

  // Without captures, so that entering allocates nothing.
  private static let handleReadiness: Entry<Readiness, Void> = { $0.handle($1) }
  private static let flushPlanned: Entry<Void, Void> = { connection, _ in
    connection.isFlushPlanned = false
    // A framer may have framed a message to nothing.
    if connection.framing.holdsOutput { connection.flushNow() }
  }

  typealias Entry<Argument, Result> = @Sendable (isolated FramedConnection, Argument) -> Result

  /// As ``enter(_:)``, for what happens with every message.
  @inline(__always)
  nonisolated func enter<Argument, Result>(
    with argument: Argument, _ body: @escaping Entry<Argument, Result>
  ) -> Result {
    loop.checkIsolated()
    // Sound: as below.
    return unsafeBitCast(body, to: ((FramedConnection, Argument) -> Result).self)(self, argument)
  }

  /// As ``enter(with:_:)`` on the loop's thread; elsewhere `nil`, and nothing is called.
  @inline(__always)
  nonisolated func enterIfHere<Argument, Result>(
    with argument: Argument, _ body: @escaping Entry<Argument, Result>
  ) -> Result? {
    loop.isCurrent ? enter(with: argument, body) : nil
  }

  /// Enters the isolation of this actor from its loop's thread.
  ///
  /// What `assumeIsolated` does, which takes some 200 ns to find out where it is; the loop knows in one.
  nonisolated func enter<Result>(_ body: (isolated FramedConnection) -> Result) -> Result {
    loop.checkIsolated()
    return withoutActuallyEscaping(body) { body in
      // Sound: an isolated parameter is passed like any other, and the isolation was just proved.
      unsafeBitCast(body, to: ((FramedConnection) -> Result).self)(self)
    }
  }

  /// Runs `body` isolated to this actor: at once on its loop's thread, soon from that of another loop.
  nonisolated func onItsLoop(_ body: @escaping @Sendable (isolated FramedConnection) -> Void) {
    if loop.isCurrent { enter(body) } else { loop.execute { self.enter(body) } }
  }

  /// Begins to serve: messages go to the service's handler, or wait for ``receive()`` without one.
  func start(_ service: ConnectionService) {
    // It may have been closed before anybody could be told.
    guard isOpen else { return service.onClose(self) }
    self.service = service
    hasHandler = service.onMessage != nil
    if framing.unreadCount > 0 {
      // It came behind the header of a proxy.
      deliver()
      resumeReceiver()
      judgeInput()
      if hasHandler { flushNow() }
    }
    setLimitTimer()
    updateInterest()
  }

  // MARK: Readiness

  func handle(_ readiness: Readiness) {
    if readiness.contains(.writable) || readiness.contains(.hangUp) && framing.outputCount > 0 {
      flushNow()
    }
    if interest.contains(.readable) && !readiness.isDisjoint(with: [.readable, .hangUp]) { read() }
  }

  // MARK: Reading

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

  /// Keeps the first failure, and tells of it at once.
  func note(_ error: ConnectionError) {
    guard failure == nil else { return }
    failure = error
    settings.counters?.add(failure: error)
    service?.onFailure(self, error)
  }

  func count(_ counter: ServerCounters.Counter, _ amount: Int = 1) { settings.counters?.add(counter, amount) }

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

  // MARK: Writing

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

  private func sendQueued() {
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

  private func countQueue(_ bytes: Int) {
    guard bytes != countedQueue else { return }
    settings.counters?.addQueued(bytes - countedQueue)
    countedQueue = bytes
  }

  func lendOutputBack() {
    if loop.outputBuffer.capacity == 0 {
      framing.exchangeOutput(with: &loop.outputBuffer)
    } else {
      framing.dropOutput()
    }
  }

  // MARK: Closing

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

  // MARK: What to watch

  func updateInterest() {
    guard isOpen else { return }
    var wanted: Interest = []
    if wantsInput { wanted.insert(.readable) }
    if framing.outputCount > 0 { wanted.insert(.writable) }
    guard wanted != interest else { return }
    // Nothing wanted is no registration: a hang-up cannot be masked and would be reported at every wait. It also
    // leaves a connection that was forgotten, unclosed, to the count of its references.
    if wanted.isEmpty { unwatch() } else { watch(wanted) }
  }

  var wantsInput: Bool {
    if !isOpen || peerHasEnded { return false }
    if isClosing { return true }  // What comes is dropped; its end is what is waited for.
    guard receiving.isOpen, !isReadingPaused else { return false }
    return hasHandler || receiver != nil || framing.unreadCount < Self.readAhead
  }

  private func watch(_ wanted: Interest) {
    guard isOpen else { return }
    do throws(SystemError) {
      if let token {
        try loop.change(token, descriptor: descriptor, interest: wanted)
      } else {
        token = try loop.add(self, descriptor: descriptor, interest: wanted)
      }
      interest = wanted
    } catch {
      note(.system(error))
      resetOnClose()  // What was sent may be a part only, and is not to look like all of it.
      closeNow(after: .system(error))
    }
  }

  private func unwatch() {
    guard let token, isOpen else { return }
    loop.remove(token, descriptor: descriptor)
    self.token = nil
    interest = []
  }
}
