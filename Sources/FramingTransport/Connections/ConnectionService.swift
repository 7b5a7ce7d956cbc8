import Framing

/// What is done with the connections of a server: the same for all of them, so that each holds one reference to it.
final class ConnectionService: Sendable {
  /// Gets each message in place; `nil` if a task takes them.
  let onMessage: FramedConnection.MessageHandler?
  /// Told when the server stops.
  let onDrain: (@Sendable (isolated FramedConnection) -> Void)?
  /// Told at once of the first thing that goes wrong with a connection, and of each frame that is left out.
  let onFailure: @Sendable (FramedConnection, ConnectionError) -> Void
  /// Told when the descriptor is closed.
  let onClose: @Sendable (isolated FramedConnection) -> Void

  init(
    onMessage: FramedConnection.MessageHandler?, onDrain: (@Sendable (isolated FramedConnection) -> Void)?,
    onFailure: @escaping @Sendable (FramedConnection, ConnectionError) -> Void,
    onClose: @escaping @Sendable (isolated FramedConnection) -> Void
  ) {
    self.onMessage = onMessage
    self.onDrain = onDrain
    self.onFailure = onFailure
    self.onClose = onClose
  }
}
