import Framing

extension FramedConnection {
  /// Connects to a server.
  ///
  /// The connection has to be closed; ``withConnection(to:framer:limits:options:on:_:)`` does it by itself. If the
  /// task is cancelled while it waits, nothing stays open.
  ///
  /// - Parameters:
  ///   - address: Where the server listens.
  ///   - framer: How messages are framed, in both directions.
  ///   - limits: What the server may do; see ``ConnectionLimits/client``.
  ///   - options: How to connect.
  ///   - loop: The loop that the connection will belong to; the shared one unless told otherwise.
  /// - Throws: ``ConnectionError``, with ``SystemError`` for what the system says, and
  ///   ``ConnectionError/timedOut(_:)`` after ``ConnectionLimits/connectTime``.
  @inlinable
  public static func connect(
    to address: SocketAddress, framer: some Framer, limits: ConnectionLimits = .client,
    options: ConnectOptions = ConnectOptions(), on loop: EventLoop? = nil
  ) async throws(ConnectionError) -> FramedConnection {
    try await connect(
      to: .address(address), framing: ConnectionFraming(framer), limits: limits, options: options, on: loop)
  }

  /// Connects to a server by the name of its host: to whichever of its addresses answers first.
  ///
  /// The addresses are tried in the order of the system, IPv6 and IPv4 in turn, each when the one before has had no answer
  /// for ``ConnectOptions/attemptDelay`` or has failed ("happy eyeballs", RFC 8305): an address that does not answer,
  /// as IPv6 where it is set up badly, costs a quarter of a second. The others are given up when one has connected.
  ///
  /// As ``connect(to:framer:limits:options:on:)`` otherwise.
  ///
  /// - Parameters:
  ///   - host: The name of the host, or its address in text, as `127.0.0.1` or `::1`.
  ///   - port: Where the server listens.
  ///   - framer: How messages are framed, in both directions.
  ///   - limits: What the server may do; see ``ConnectionLimits/client``.
  ///   - options: How to connect.
  ///   - loop: The loop that the connection will belong to; the shared one unless told otherwise.
  /// - Throws: ``ConnectionError``: ``ConnectionError/unknownHost(_:)`` without an address; for one address, as if it had
  ///   been given; for several, ``ConnectionError/unreachable(_:)`` with each of them.
  @inlinable
  public static func connect(
    to host: String, port: UInt16, framer: some Framer, limits: ConnectionLimits = .client,
    options: ConnectOptions = ConnectOptions(), on loop: EventLoop? = nil
  ) async throws(ConnectionError) -> FramedConnection {
    try await connect(
      to: .host(host, port: port), framing: ConnectionFraming(framer), limits: limits, options: options,
      on: loop)
  }

  /// Connects to a server, gives the connection to `body`, and closes it afterwards: without losing anything, or
  /// without waiting for that if `body` throws.
  ///
  /// - Parameters:
  ///   - address: Where the server listens.
  ///   - framer: How messages are framed, in both directions.
  ///   - limits: What the server may do; see ``ConnectionLimits/client``.
  ///   - options: How to connect.
  ///   - loop: The loop that the connection will belong to; the shared one unless told otherwise.
  ///   - body: What to do with the connection, isolated to it.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws, or ``ConnectionError``.
  @inlinable
  public static func withConnection<Result: Sendable>(
    to address: SocketAddress, framer: some Framer, limits: ConnectionLimits = .client,
    options: ConnectOptions = ConnectOptions(), on loop: EventLoop? = nil,
    _ body: @Sendable (isolated FramedConnection) async throws -> Result
  ) async throws -> Result {
    try await withConnection(
      to: .address(address), framing: ConnectionFraming(framer), limits: limits, options: options, on: loop,
      body)
  }

  /// As ``withConnection(to:framer:limits:options:on:_:)``, by the name of the host, as
  /// ``connect(to:port:framer:limits:options:on:)``.
  ///
  /// - Throws: What `body` throws, or ``ConnectionError``.
  @inlinable
  public static func withConnection<Result: Sendable>(
    to host: String, port: UInt16, framer: some Framer, limits: ConnectionLimits = .client,
    options: ConnectOptions = ConnectOptions(), on loop: EventLoop? = nil,
    _ body: @Sendable (isolated FramedConnection) async throws -> Result
  ) async throws -> Result {
    try await withConnection(
      to: .host(host, port: port), framing: ConnectionFraming(framer), limits: limits, options: options,
      on: loop, body)
  }

  @usableFromInline
  static func connect(
    to target: ConnectTarget, framing: ConnectionFraming, limits: ConnectionLimits, options: ConnectOptions,
    on loop: EventLoop?
  ) async throws(ConnectionError) -> FramedConnection {
    try await connector(framing: framing, limits: limits, options: options, on: loop).connect(to: target)
  }

  @usableFromInline
  static func withConnection<Result: Sendable>(
    to target: ConnectTarget, framing: ConnectionFraming, limits: ConnectionLimits, options: ConnectOptions,
    on loop: EventLoop?, _ body: @Sendable (isolated FramedConnection) async throws -> Result
  ) async throws -> Result {
    try await connector(framing: framing, limits: limits, options: options, on: loop)
      .connect(to: target, body)
  }

  private static func connector(
    framing: ConnectionFraming, limits: ConnectionLimits, options: ConnectOptions, on loop: EventLoop?
  ) throws(ConnectionError) -> Connector {
    do throws(SystemError) {
      return Connector(framing: framing, limits: limits, options: options, on: try .shared(or: loop))
    } catch {
      throw .system(error)
    }
  }
}
