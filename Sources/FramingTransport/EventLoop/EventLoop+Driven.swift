/// Turns loops that have no thread of their own, all of them on one thread: a simulation, in which time is no waiting.
///
/// The loop's own code runs, in the halves of a turn; between them the driver may let other loops turn. A loop is current
/// (``EventLoop/isCurrent``) only while it is turned: for all others the thread is a foreign one, whose jobs come by way of
/// the inbox and wake.
package protocol LoopDriver: AnyObject, Sendable {
  /// Turns `loop` as well from now on. Called before anything can be submitted to it.
  func adopt(_ loop: EventLoop)
  /// A job came by way of the inbox of a loop, from whatever thread.
  func submitted()
}

extension EventLoop {
  /// The first half of a turn of a driven loop: runs its jobs, and sends what they queued.
  ///
  /// - Returns: How long the second half may wait, in nanoseconds; `nil` is without end.
  package func beginDrivenTurn() -> Int64? {
    occupy()
    defer { vacate() }
    beginTurn()
    return timeout(idle: false)
  }

  /// The second half of a turn of a driven loop: waits, serves the sockets that are ready, and fires the timers that are due.
  ///
  /// A kernel that cannot wait answers at once that nothing is ready; once something is, or the time is over, this is to
  /// be called again with what is left of it, as if the first wait had gone on.
  package func endDrivenTurn(timeout: Int64?) {
    occupy()
    defer { vacate() }
    endTurn(timeout: timeout)
  }
}
