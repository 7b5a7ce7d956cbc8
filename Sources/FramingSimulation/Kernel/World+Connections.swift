import CSystemShims
import FramingTransport

/// How connections begin, carry bytes, and end.
extension World {
  // MARK: Beginning

  func connect(_ client: StreamSocket, to address: SocketAddress) -> CallResult {
    switch client.state {
    case .fresh: break
    case .connecting: return .error(EALREADY)
    case .connected: return .error(EISCONN)
    case .listening, .closed: return .error(EINVAL)
    }
    name(client, for: address)
    client.remote = address
    if client.family == .unix { return connectAtOnce(client, to: address) }
    client.state = .connecting
    events.add(.request(client, address, attempt: 0), at: now + latency())
    return .error(EINPROGRESS)
  }

  private func connectAtOnce(_ client: StreamSocket, to address: SocketAddress) -> CallResult {
    guard let listener = listener(for: address) else {
      let isPath =
        if case .unix(let path) = address { path.hasPrefix("@") || paths.contains { $0.path == path } } else {
          false
        }
      return .error(isPath ? ECONNREFUSED : ENOENT)
    }
    guard listener.waiting.count <= listener.backlog else { return .error(EAGAIN) }
    listener.waiting.append(join(client, to: listener))
    client.state = .connected
    return CallResult(0)
  }

  /// A request to connect arrives where somebody listens, or not.
  func request(_ client: StreamSocket, _ address: SocketAddress, _ attempt: Int) {
    guard case .connecting = client.state else { return }
    guard let listener = listener(for: address) else {
      events.add(.failure(client, ECONNREFUSED), at: now + latency())
      return
    }
    guard listener.waiting.count <= listener.backlog else {
      // Not answered: the client asks again after one second, two, four, and gives up after two minutes.
      let pause = Int64(1_000_000_000) << attempt
      if attempt < 6 {
        events.add(.request(client, address, attempt: attempt + 1), at: now + pause)
      } else {
        events.add(.failure(client, ETIMEDOUT), at: now + pause)
      }
      return
    }
    let server = join(client, to: listener)
    listener.waiting.append(server)
    send(.established, from: server)
  }

  /// The other end of a new connection of `client`.
  private func join(_ client: StreamSocket, to listener: StreamSocket) -> StreamSocket {
    let server = newSocket(client.family)
    server.state = .connected
    server.local = listener.local
    server.remote = client.local
    server.resetsOnClose = listener.resetsOnClose
    let there = stream(), back = stream()
    (client.outgoing, server.incoming) = (there, there)
    (server.outgoing, client.incoming) = (back, back)
    (client.peer, server.peer) = (server, client)
    // Who is only in the queue of a listener, or has lost its descriptor, must live as long as the other one.
    links.append((client, server))
    return server
  }

  private func stream() -> ByteStream {
    ByteStream(sendCapacity: conditions.sendBuffer, receiveCapacity: conditions.receiveBuffer)
  }

  // MARK: Bytes

  /// `send`: takes what there is room for, and lets it travel in pieces.
  func send(_ bytes: UnsafeRawBufferPointer, from socket: StreamSocket) -> CallResult {
    if let refusal = socket.refusalToSend() { return refusal }
    guard let outgoing = socket.outgoing else { return .error(EPIPE) }
    let count = min(bytes.count, outgoing.room)
    var sent = 0
    while sent < count {
      let rest = count - sent
      let size = socket.family == .unix ? rest : pieceSize(of: rest, at: outgoing.offset)
      send(.bytes(Array(UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + size]))), from: socket)
      sent += size
    }
    return CallResult(count)
  }

  private func pieceSize(of count: Int, at offset: Int) -> Int {
    guard let isCut else { return min(count, random.within(conditions.pieceSize)) }
    return (1..<count).first { isCut(offset + $0) } ?? count
  }

  /// Sends a piece to the peer: over the network, or between two ends in one machine at once.
  func send(_ piece: ByteStream.Piece, from socket: StreamSocket) {
    guard let outgoing = socket.outgoing, let peer = socket.peer else { return }
    // Cut pieces are to be read one by one.
    let delay = socket.family == .unix ? 0 : isCut == nil ? latency() : latency() + Int64(outgoing.offset)
    let time = outgoing.send(piece, at: now + delay)
    if socket.family == .unix { arrive(at: peer) } else if let time { events.add(.arrival(peer), at: time) }
  }

  /// `recv`; who has read makes room for what waits.
  func receive(_ socket: StreamSocket, into buffer: UnsafeMutableRawBufferPointer) -> CallResult {
    let wasBlocked = socket.incoming?.isBlocked ?? false
    let result = socket.receive(into: buffer)
    if wasBlocked && result.word > 0 {
      if socket.family == .unix {
        arrive(at: socket)
      } else {
        events.add(.arrival(socket), at: now + latency())
      }
    }
    return result
  }

  /// What has arrived at `socket` takes effect, in order.
  func arrive(at socket: StreamSocket) {
    while let piece = socket.incoming?.arrive(at: now) {
      switch piece {
      case .established:
        if socket.isConnecting { socket.state = .connected } else if socket.isClosed { reset(socket) }
      case .bytes:
        // Nobody will read them; the sender is told so.
        if socket.isOrphan || socket.isClosed { reset(socket) }
      case .end:
        socket.peerHasEnded = true
        socket.hasReceivedEnd = true
      case .reset:
        if socket.isClosed { continue }
        let code = socket.isConnecting ? ECONNREFUSED : ECONNRESET
        socket.incoming?.dropSent(butFor: 0)
        socket.outgoing?.dropSent(butFor: 0)
        socket.die(code)
      case .closed(let unread):
        socket.hasReceivedEnd = true
        socket.hasSentEnd = true
        if unread { socket.pendingError = ECONNRESET } else { socket.peerHasEnded = true }
      }
    }
  }

  // MARK: Ending

  func shutdownWriting(_ socket: StreamSocket) -> CallResult {
    guard socket.isConnected else { return .error(ENOTCONN) }
    endSending(socket)
    return CallResult(0)
  }

  private func endSending(_ socket: StreamSocket) {
    if socket.hasSentEnd { return }
    socket.hasSentEnd = true
    send(.end, from: socket)
  }

  /// The last descriptor of `socket` is closed.
  func abandon(_ socket: StreamSocket) {
    socket.isOrphan = true
    switch socket.state {
    case .fresh, .closed: break
    case .listening:
      forget(socket)
      for waiting in socket.waiting { abandon(waiting, withReset: true) }
      socket.waiting = []
    case .connecting:
      socket.state = .closed
    case .connected:
      let unread = socket.incoming.map { $0.unreadCount > 0 } ?? false
      if socket.family == .unix {
        socket.incoming?.dropSent(butFor: 0)
        send(.closed(unread: unread), from: socket)
        socket.die()
      } else {
        abandon(socket, withReset: unread || socket.resetsOnClose)
      }
    }
    unlink(socket)
  }

  private func abandon(_ socket: StreamSocket, withReset isReset: Bool) {
    socket.isOrphan = true
    if isReset { reset(socket) } else { endSending(socket) }
  }

  /// How many pieces a sender has under way: what is behind them waits in its buffer, and is lost with it.
  private static let piecesInFlight = 10

  /// Ends a connection from this end: what is on its way arrives, what waits in a buffer does not, then the reset.
  func reset(_ socket: StreamSocket) {
    socket.outgoing?.dropSent(butFor: Self.piecesInFlight)
    send(.reset, from: socket)
    // What had arrived before the connection ended may still be read.
    if socket.isClosed { return }
    socket.incoming?.dropReceived()
    socket.die()
  }

  /// Two ends that nobody has a descriptor of, and nothing is on its way between, are forgotten.
  private func unlink(_ socket: StreamSocket) {
    links.removeAll { $0.0.names == 0 && $0.1.names == 0 && $0.0.isOrphan && $0.1.isOrphan }
  }
}
