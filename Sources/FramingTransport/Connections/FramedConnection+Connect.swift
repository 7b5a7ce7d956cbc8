import Framing

extension FramedConnection {
  /// Connects to a server.
  ///
  /// The connection has to be closed; ``withConnection(to:framer:on:_:)`` does it by itself.
  ///
  /// - Parameters:
  ///   - address: Where the server listens. Names of hosts: ``SocketAddress/resolve(host:port:)``.
  ///   - framer: How messages are framed, in both directions.
  ///   - limits: What the server may do; see ``ConnectionLimits/client``.
  ///   - loop: The loop that the connection will belong to; the shared one unless told otherwise.
  /// - Throws: ``ConnectionError``, with ``SystemError`` for what the system says.
  @inlinable
  public static func connect(
    to address: SocketAddress, framer: some Framer, limits: ConnectionLimits = .client,
    on loop: EventLoop? = nil
  ) async throws(ConnectionError) -> FramedConnection {
    try await connect(to: address, framing: ConnectionFraming(framer), limits: limits, on: loop)
  }

  /// Connects to a server, gives the connection to `body`, and closes it afterwards without losing anything.
  ///
  /// - Parameters:
  ///   - address: Where the server listens.
  ///   - framer: How messages are framed, in both directions.
  ///   - limits: What the server may do; see ``ConnectionLimits/client``.
  ///   - loop: The loop that the connection will belong to; the shared one unless told otherwise.
  ///   - body: What to do with the connection, isolated to it.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws, or ``ConnectionError``.
  @inlinable
  public static func withConnection<Result: Sendable>(
    to address: SocketAddress, framer: some Framer, limits: ConnectionLimits = .client,
    on loop: EventLoop? = nil,
    _ body: @Sendable (isolated FramedConnection) async throws -> Result
  ) async throws -> Result {
    let connection = try await connect(to: address, framer: framer, limits: limits, on: loop)
    let result: Result
    do {
      result = try await body(connection)
    } catch {
      await connection.beginClose()
      throw error
    }
    try await connection.close()
    return result
  }

  @usableFromInline
  static func connect(
    to address: SocketAddress, framing: ConnectionFraming, limits: ConnectionLimits, on loop: EventLoop?
  ) async throws(ConnectionError) -> FramedConnection {
    let connection: FramedConnection
    do throws(SystemError) {
      let loop = try EventLoop.shared(or: loop)
      let socket = try Socket.connecting(to: address, system: loop.system)
      // A socket that was refused at once does not take it, and says so when it is waited for.
      if address.family != .unix, let option = limits.deadPeer { try? socket.set(option) }
      connection = FramedConnection(
        socket, peer: address, framing: framing, settings: ConnectionSettings(limits), loop: loop)
    } catch {
      throw .system(error)
    }
    try await connection.establish()
    return connection
  }

  private func establish() async throws(ConnectionError) {
    do throws(ConnectionError) {
      try await wait(for: .connected)
    } catch {
      reset()
      throw error
    }
  }
}
