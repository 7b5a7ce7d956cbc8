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
      do throws(ConnectionError) { try connection.queue(message.span) } catch { return (error, false) }
      return (nil, connection.queuedBytes > connection.settings.limits.queuedBytes)
    }

  private func sendFromElsewhere(_ message: some Collection<UInt8> & Sendable) async throws(ConnectionError) {
    try queue(message)
    if queuedBytes > settings.limits.queuedBytes { try await catchUp() }
  }

  /// Sends, and waits while the peer is too far behind.
  private func catchUp() async throws(ConnectionError) {
    flushNow()
    if framing.outputCount > settings.limits.queuedBytes {
      try await wait(for: .writable)
    } else {
      await Task.yield()  // A peer that keeps up must not keep the loop from all others.
    }
    if case .failed(let error) = sending { throw error }
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

  func queue(_ message: some Collection<UInt8>) throws(ConnectionError) {
    func queueNow(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<Void, ConnectionError> {
      do throws(ConnectionError) { return .success(try queue(bytes.span)) } catch { return .failure(error) }
    }
    let result =
      message.withContiguousStorageIfAvailable(queueNow) ?? [UInt8](message).withUnsafeBufferPointer(queueNow)
    try result.get()
  }

  private func queue(_ message: Span<UInt8>) throws(ConnectionError) {
    if !sending.isOpen { throw sendingError }
    if framing.outputCount == 0 { framing.exchangeOutput(with: &loop.outputBuffer) }
    do throws(FramingError) { try framing.encode(message) } catch { throw .framing(error) }
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
