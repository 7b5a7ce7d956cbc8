import Framing

/// How messages are given to a connection.
extension FramedConnection {
  /// Frames `message` and queues it. Waits only while the peer is further behind than ``ConnectionLimits/queuedBytes``.
  ///
  /// The queue is sent when the handler waits for something, and at the end of the loop's turn. If the task is
  /// cancelled while it waits, the message stays queued.
  ///
  /// - Throws: ``ConnectionError``; with ``ConnectionError/framing(_:)`` nothing was queued, and the
  ///   connection goes on.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func send(
    _ message: some Collection<UInt8> & Sendable
  ) async throws(ConnectionError) {
    // Neither isolated nor a call: what is isolated looks for the executor of its task each time, which costs more than a
    // message does. Who is on the loop's thread, as a handler always is, need not.
    switch queueHere(message) {
    case .queued: break
    case .behind: try await catchUp()
    case .failed(let error): throw error
    case .elsewhere: try await queueThere([UInt8](message))
    }
  }

  /// What came of a message that was to be queued.
  @usableFromInline
  enum QueueOutcome {
    case queued
    /// Queued, but the peer is so far behind that who sends has to wait.
    case behind
    case failed(ConnectionError)
    /// The caller is not on the loop's thread, and nothing was done.
    case elsewhere
  }

  @inlinable
  nonisolated func queueHere(_ message: some Collection<UInt8>) -> QueueOutcome {
    if let bytes = message as? [UInt8] { return queueHere(bytes.span) }
    if !loop.isCurrent { return .elsewhere }
    return message.withSpan { queueHere($0) }
  }

  @usableFromInline
  nonisolated func queueHere(_ message: Span<UInt8>) -> QueueOutcome {
    message.withUnsafeBufferPointer { enterIfHere(with: $0, Self.queueEntered) } ?? .elsewhere
  }

  private static let queueEntered: Entry<UnsafeBufferPointer<UInt8>, QueueOutcome> = { connection, message in
    do throws(ConnectionError) { try connection.queue(message.span) } catch { return .failed(error) }
    return connection.isBehind ? .behind : .queued
  }

  @usableFromInline
  func queueThere(_ message: [UInt8]) async throws(ConnectionError) {
    try queue(message.span)
    if isBehind { try await catchUp() }
  }

  /// Whether the peer is so far behind that who sends has to wait.
  private var isBehind: Bool { framing.outputCount > settings.limits.queuedBytes }

  private func checkSending() throws(ConnectionError) {
    if case .failed(let error) = sending { throw error }
  }

  /// Sends, and waits while the peer is too far behind.
  @usableFromInline
  func catchUp() async throws(ConnectionError) {
    flushNow()
    if isBehind {
      try await wait(for: .writable)
    } else {
      await Task.yield()  // A peer that keeps up must not keep the loop from all others.
    }
    try checkSending()
  }

  /// How many framed bytes wait to be sent.
  public var queuedBytes: Int { framing.outputCount }

  /// Frames `message` and queues it, however much is queued already. For handlers that do not wait.
  ///
  /// The connection's own handler gets no message while more than ``ConnectionLimits/queuedBytes`` wait. Who sends to another
  /// connection than the one whose message it got has to look at ``queuedBytes``.
  ///
  /// - Throws: ``ConnectionError``; with ``ConnectionError/framing(_:)`` nothing was queued.
  public func send(_ message: Span<UInt8>) throws(ConnectionError) {
    try queue(message)
  }

  /// Frames `message` and queues it, however much is queued already. For handlers that do not wait.
  ///
  /// - Throws: ``ConnectionError``; with ``ConnectionError/framing(_:)`` nothing was queued.
  public func send(_ message: some Collection<UInt8>) throws(ConnectionError) {
    try queue(message)
  }

  @inlinable
  func queue(_ message: some Collection<UInt8>) throws(ConnectionError) {
    // Known when this is compiled into its caller: the usual message needs no closure, nor a look where that would run.
    if let bytes = message as? [UInt8] { return try queue(bytes.span) }
    if let error = message.withSpan({ queueNow($0) }) { throw error }
  }

  @usableFromInline
  func queueNow(_ message: Span<UInt8>) -> ConnectionError? {
    do throws(ConnectionError) { try queue(message) } catch { return error }
    return nil
  }

  @usableFromInline
  func queue(_ message: Span<UInt8>) throws(ConnectionError) {
    if !isSendingOpen { throw sendingError }
    if !framing.holdsOutput { framing.exchangeOutput(with: &loop.outputBuffer) }
    do throws(FramingError) {
      if try framing.encode(message) > settings.limits.queuedBytes { isInterrupted = true }
    } catch {
      if framing.outputCount == 0 { lendOutputBack() }
      throw .framing(error)
    }
    count(.messagesSent)
    planFlush()
  }

  /// Why nothing can be sent any more.
  private var sendingError: ConnectionError {
    if case .failed(let error) = sending { error } else { .closed }
  }

  /// Waits until everything that was sent has been handed to the kernel.
  ///
  /// - Throws: ``ConnectionError`` if it cannot be.
  public func flush() async throws(ConnectionError) {
    flushNow()
    if framing.outputCount > 0 { try await wait(for: .flushed) } else { await Task.yield() }
    try checkSending()
  }

  /// Ends sending once everything queued is sent; receiving goes on. The peer sees the end of the stream.
  ///
  /// The corresponding C function is `shutdown` with `SHUT_WR`.
  public func finish() {
    guard sending.isOpen else { return }
    sending = .ending
    flushNow()
  }
}
