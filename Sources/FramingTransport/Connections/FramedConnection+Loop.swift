/// How the loop and a connection meet: how its isolation is entered, when it is served, and what is watched for it.
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

  // MARK: Serving

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

  /// Does what the socket is ready for.
  private func handle(_ readiness: Readiness) {
    if readiness.contains(.writable) || readiness.contains(.hangUp) && framing.outputCount > 0 {
      flushNow()
    }
    if interest.contains(.readable) && !readiness.isDisjoint(with: [.readable, .hangUp]) { read() }
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

  func unwatch() {
    guard let token, isOpen else { return }
    loop.remove(token, descriptor: descriptor)
    self.token = nil
    interest = []
  }
}
