/// The messages of a connection as they arrive, until the peer closes.
///
/// Throws ``ConnectionError`` after the last whole message if the stream does not end between two messages.
/// A handler gets a message that has already arrived without suspending. A frame that the framer leaves out because of its
/// length is told to the server's `onEvent`, and the sequence goes on behind it; ``FramedConnection/receive()``
/// throws ``ConnectionError/leftOut(_:)`` for it.
public struct MessageSequence: AsyncSequence, Sendable {
  @usableFromInline let connection: FramedConnection

  init(connection: FramedConnection) { self.connection = connection }

  /// Takes the messages one by one; they go to whoever asks first.
  @inlinable
  public func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }

  /// See ``MessageSequence``.
  public struct Iterator: AsyncIteratorProtocol {
    @usableFromInline let connection: FramedConnection

    @inlinable
    init(connection: FramedConnection) { self.connection = connection }

    /// The next message; `nil` once the peer has closed.
    ///
    /// - Throws: ``ConnectionError``, after the last whole message.
    @inlinable
    public mutating func next() async throws(ConnectionError) -> [UInt8]? {
      try await next(isolation: #isolation)
    }

    /// The next message; `nil` once the peer has closed.
    ///
    /// - Throws: ``ConnectionError``, after the last whole message.
    @inlinable
    @inline(__always)
    public nonisolated(nonsending) mutating func next(
      isolation actor: (any Actor)?
    ) async throws(ConnectionError) -> [UInt8]? {
      try await connection.next(wholeOnly: true)
    }
  }
}
