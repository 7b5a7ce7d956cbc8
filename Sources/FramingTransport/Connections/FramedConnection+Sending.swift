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
  public nonisolated(nonsending) func send(
    _ message: some Collection<UInt8> & Sendable
  ) async throws(ConnectionError) {
    guard loop.isCurrent else { return try await sendFromElsewhere(message) }
    let outcome =
      message.withContiguousStorageIfAvailable { enter(with: $0, Self.queueNow) }
      ?? [UInt8](message).withUnsafeBufferPointer { enter(with: $0, Self.queueNow) }
    if let error = outcome.error { throw error }
    if outcome.isBehind { try await catchUp() }
  }

  private static let queueNow: Entry<UnsafeBufferPointer<UInt8>, (error: ConnectionError?, isBehind: Bool)> =
    {
      connection, message in
      let error = connection.queue(message.span)
      return (error, connection.queuedBytes > connection.settings.limits.queuedBytes)
    }

  private func sendFromElsewhere(_ message: some Collection<UInt8> & Sendable) async throws(ConnectionError) {
    if let error = queue(message) { throw error }
    if queuedBytes > settings.limits.queuedBytes { try await catchUp() }
  }

  /// Sends, and waits while the peer is too far behind.
  private func catchUp() async throws(ConnectionError) {
    flushNow()
    if framing.outputCount(state) > settings.limits.queuedBytes {
      try await wait(for: .writable)
    } else {
      await Task.yield()  // A peer that keeps up must not keep the loop from all others.
    }
    if case .failed(let error) = sending { throw error }
  }

  /// How many framed bytes wait to be sent.
  public var queuedBytes: Int { framing.outputCount(state) }

  /// Frames `message` and queues it, however much is queued already. For handlers that do not wait.
  ///
  /// The connection's own handler gets no message while more than ``ConnectionLimits/queuedBytes`` wait. Who sends to another
  /// connection than the one whose message it got has to look at ``queuedBytes``.
  ///
  /// - Throws: ``ConnectionError``; with ``ConnectionError/framing(_:)`` nothing was queued.
  public func send(_ message: Span<UInt8>) throws(ConnectionError) {
    if let error = queue(message) { throw error }
  }

  /// Frames `message` and queues it, however much is queued already. For handlers that do not wait.
  ///
  /// - Throws: ``ConnectionError``; with ``ConnectionError/framing(_:)`` nothing was queued.
  public func send(_ message: some Collection<UInt8>) throws(ConnectionError) {
    if let error = queue(message) { throw error }
  }

  func queue(_ message: some Collection<UInt8>) -> ConnectionError? {
    let outcome = message.withContiguousStorageIfAvailable { bytes in queue(bytes.span) }
    return outcome ?? [UInt8](message).withUnsafeBufferPointer { queue($0.span) }
  }

  func queue(_ message: Span<UInt8>) -> ConnectionError? {
    switch sending {
    case .open: break
    case .ending, .ended: return .closed
    case .failed(let error): return error
    }
    if framing.outputCount(state) == 0 { framing.exchangeOutput(state, &loop.outputBuffer) }
    do throws(FramingError) { try framing.encode(state, message) } catch { return .framing(error) }
    count(.messagesSent)
    planFlush()
    return nil
  }

  /// Waits until everything that was sent has been handed to the kernel.
  ///
  /// - Throws: ``ConnectionError`` if it cannot be.
  public func flush() async throws(ConnectionError) {
    flushNow()
    if framing.outputCount(state) > 0 { try await wait(for: .flushed) } else { await Task.yield() }
    if case .failed(let error) = sending { throw error }
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
