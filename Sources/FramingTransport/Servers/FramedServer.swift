import Framing

/// Listens on an address and serves the messages of every connection.
///
/// ```swift
/// let server = try FramedServer(at: .loopback(port: 7777), framer: LengthPrefixedFramer())
/// try await server.run { connection in
///   for try await message in connection.messages { try await connection.send(message) }
/// }
/// ```
///
/// A connection that fails ends alone: whole messages before the fault are served first, what was sent goes out,
/// `onEvent` is told, and every other connection goes on.
public final class FramedServer: Sendable {
  /// The address that the server listens on, with the port that the system chose for port 0.
  public let address: SocketAddress
  /// The loop that the server belongs to, and its connections if there is one loop.
  public let loop: EventLoop

  let listener: Listener

  /// A server that listens from now on; ``run(onMessage:onDrain:)`` or ``run(onDrain:_:)`` serves, once.
  ///
  /// The path of a Unix socket goes with the server; that of a server that was killed is removed by the next one, see
  /// ``ListenOptions/existingPath-swift.property``.
  ///
  /// - Parameters:
  ///   - address: Where to listen; port 0 lets the system choose a free one.
  ///   - framer: How messages are framed, in both directions.
  ///   - limits: What peers may do.
  ///   - loop: The loop to serve on; the shared one unless told otherwise.
  ///   - loops: How many loops, each with a thread of its own, share the connections: each new one goes to the next
  ///     loop. `loop` is one of them, the others wait in the same way. A handler runs on the loop of its connection.
  ///   - proxies: Who sends a PROXY header (version 1 or 2) before anything else, and has to; the addresses in it are
  ///     believed. Connections from elsewhere are served without one. Nobody unless told otherwise.
  ///   - options: How to listen, and the options of what is accepted.
  ///   - onEvent: Told what an operator may want to know, as of connections that failed: the hook for logs. On the
  ///     threads of the loops, of several at once if there are several, so it must not block.
  /// - Throws: ``SystemError`` if nobody can listen there, or no loop can be made.
  @inlinable
  public convenience init(
    at address: SocketAddress, framer: some Framer, limits: ServerLimits = ServerLimits(),
    on loop: EventLoop? = nil, loops: Int = 1, proxies: TrustedAddresses? = nil,
    options: ListenOptions = ListenOptions(),
    onEvent: @escaping @Sendable (ServerEvent) -> Void = { _ in }
  ) throws(SystemError) {
    try self.init(
      at: address, framing: ConnectionFraming(framer), limits: limits, on: loop, loops: loops,
      proxies: proxies, options: options, onEvent: onEvent)
  }

  /// A server over a socket that listens already, as one that the service manager opened
  /// (``SocketActivation/inherited()``, ``Socket/takingOver(_:options:)``).
  ///
  /// Parameters as of the other; whoever opened the socket chose address and options.
  ///
  /// - Throws: ``SystemError`` if the socket has no address, or no loop can be made.
  @inlinable
  public convenience init(
    taking socket: consuming Socket, framer: some Framer, limits: ServerLimits = ServerLimits(),
    on loop: EventLoop? = nil, loops: Int = 1, proxies: TrustedAddresses? = nil,
    onEvent: @escaping @Sendable (ServerEvent) -> Void = { _ in }
  ) throws(SystemError) {
    try self.init(
      socket, framing: ConnectionFraming(framer), limits: limits, on: EventLoop.shared(or: loop),
      loops: loops, proxies: proxies, onEvent: onEvent)
  }

  @usableFromInline
  convenience init(
    at address: SocketAddress, framing: ConnectionFraming, limits: ServerLimits, on loop: EventLoop?,
    loops: Int, proxies: TrustedAddresses?, options: ListenOptions,
    onEvent: @escaping @Sendable (ServerEvent) -> Void
  ) throws(SystemError) {
    let loop = try EventLoop.shared(or: loop)
    try self.init(
      Socket.listening(at: address, options: options, system: loop.system), framing: framing, limits: limits,
      on: loop, loops: loops, proxies: proxies, onEvent: onEvent)
  }

  @usableFromInline
  init(
    _ socket: consuming Socket, framing: ConnectionFraming, limits: ServerLimits, on loop: EventLoop,
    loops count: Int, proxies: TrustedAddresses?, onEvent: @escaping @Sendable (ServerEvent) -> Void
  ) throws(SystemError) {
    precondition(count >= 1, "a server needs a loop")
    var loops = [loop]
    while loops.count < count { loops.append(try loop.another()) }
    self.loop = loop
    address = try socket.localAddress()
    if address.family != .unix, let option = limits.connection.deadPeer { try socket.set(option) }
    listener = Listener(
      socket, framing: framing, limits: limits, loops: loops, proxies: proxies, onEvent: onEvent)
  }

  /// How far the server is in its life. From any thread.
  public var phase: ServerPhase { listener.phase }

  /// What the server has done, and is doing, in numbers. From any thread, without stopping a loop.
  public var counters: ServerCounters { listener.counters }

  /// Serves each message as it comes, without tasks and without copies, until ``shutdown(_:)`` or cancellation. Once.
  ///
  /// ```swift
  /// try await server.run(onMessage: { message, connection in
  ///   // In place, a `Span<UInt8>`; an array of it can be kept, and changed.
  ///   try connection.send([UInt8](copying: message).reversed())
  /// })
  /// ```
  ///
  /// - Parameters:
  ///   - onMessage: Gets each message in place, in order, isolated to its connection; runs on the loop and
  ///     must not block. While the peer is slow to take replies, it gets no further messages. An error that it
  ///     throws ends that connection.
  ///   - onDrain: Told of each connection that, because the server stops, it gets no message any more but those that have
  ///     begun: to say goodbye. What it sends goes out.
  /// - Throws: ``SystemError`` if the listening socket cannot be watched.
  public func run(
    onMessage: @escaping FramedConnection.MessageHandler,
    onDrain: (@Sendable (isolated FramedConnection) -> Void)? = nil
  ) async throws {
    let service = ConnectionService(
      onMessage: onMessage, onDrain: onDrain, onFailure: { [listener] in listener.report($1, of: $0) },
      onClose: { [listener] in listener.closed($0) })
    try await serve(service)
  }

  /// Serves each connection with a task of its own until ``shutdown(_:)`` or cancellation. Once.
  ///
  /// The task runs on the loop, isolated to the connection. When `handler` returns or throws, the connection is closed
  /// without losing anything. When the server stops, `connection.messages` ends behind the messages that have begun, the
  /// handler may still send (``FramedConnection/isDraining`` says why), and `run` waits for it. A task whose connection is
  /// cut, after ``Drain/time``, is cancelled.
  ///
  /// A handler that waits for something other than its peer, as for what others say in a chat, does not see `messages` end:
  /// it reads in a child task, or lets `onDrain` tell it. That a peer has gone it learns when it next reads or sends.
  ///
  /// - Parameters:
  ///   - onDrain: Told of each connection, isolated to it, that the server stops.
  ///   - handler: Serves one connection.
  /// - Throws: ``SystemError`` if the listening socket cannot be watched.
  public func run(
    onDrain: (@Sendable (isolated FramedConnection) -> Void)? = nil,
    _ handler: @escaping @Sendable (isolated FramedConnection) async throws -> Void
  ) async throws {
    let service = ConnectionService(
      onMessage: nil, onDrain: onDrain, onFailure: { [listener] in listener.report($1, of: $0) },
      onClose: { connection in
        connection.owner = nil
        connection.task?.cancel()
        connection.task = nil
      })
    try await serve(service) { [listener] connection in
      connection.task = Task(executorPreference: connection.loop) {
        await connection.own()
        do {
          try await handler(connection)
        } catch {
          // What went wrong with the connection itself was told when it happened.
          let told = await connection.failure
          if error is CancellationError && Task.isCancelled {
            // Its connection was cut, which was told.
          } else if (error as? ConnectionError).map({ $0 != told && $0 != .cancelled }) ?? true {
            await connection.count(.handlerErrors)
            listener.report(error, of: connection)
          }
        }
        try? await connection.close()
        listener.closed(connection)
      }
    }
  }

  /// Stops accepting, lets the connections finish what they have begun, and makes `run` return. From any thread. Cancelling
  /// the task of `run` does the same, with the times of `Drain()`.
  ///
  /// What was sent to this server before it stopped to accept is answered. Of connections that are not finished when the
  /// time is over, ``ServerCounters/Counter/cut`` has the number.
  ///
  /// - Parameter drain: How long all of it may take. A further call can shorten that: `shutdown(.immediate)` skips ahead.
  public func shutdown(_ drain: Drain = Drain()) {
    loop.execute { [listener] in listener.shutdown(drain) }
  }

  private func serve(
    _ service: ConnectionService, onStart: @escaping @Sendable (isolated FramedConnection) -> Void = { _ in }
  ) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        loop.execute { [listener] in listener.run(service, until: continuation, onStart: onStart) }
      }
    } onCancel: {
      shutdown()
    }
  }
}
