import CSystemShims

/// The task that a connection was given to: the handler of a server, the body of a client.
///
/// Whoever waits has to learn of the cancellation of its task, and to ask for that at each message costs more than the
/// message. The owner need not ask: a server cancels a handler when its connection is closed, which ends the waiting; and
/// a client asks once, for the whole body. Other tasks, as the children of the owner, ask.
extension FramedConnection {
  /// The ticket of the owner; others count from 1.
  static let ownersTicket: UInt64 = 0

  /// Makes the task that calls the owner.
  func own() { owner = csys_task_current() }

  /// Gives the connection to `body`, and closes it afterwards, without waiting for that if `body` throws.
  func use<Result: Sendable>(
    _ body: @Sendable (isolated FramedConnection) async throws -> Result
  ) async throws -> Result {
    let result: Result
    do {
      result = try await lend(to: body)
    } catch {
      beginClose()
      throw error
    }
    try await close()
    return result
  }

  /// Makes the task that calls the owner for as long as `body` runs, and passes its cancellation on.
  private func lend<Result: Sendable>(
    to body: @Sendable (isolated FramedConnection) async throws -> Result
  ) async throws -> Result {
    own()
    defer { owner = nil }
    return try await withTaskCancellationHandler {
      try await body(self)
    } onCancel: {
      loop.execute { self.enter { $0.cancelReceiver(Self.ownersTicket) } }
    }
  }

  /// Whether the caller is the owner, on the loop.
  nonisolated var isWithOwner: Bool { enterIfHere(with: (), Self.isOwned) ?? false }

  private static let isOwned: Entry<Void, Bool> = { connection, _ in
    connection.owner != nil && connection.owner == csys_task_current() && !connection.isDraining
  }
}
