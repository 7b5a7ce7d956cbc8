import CSystemShims
import FramingTransport

extension Fault {
  /// The failure of a call that does nothing else.
  var failure: CallResult? { if case .error(let code) = self { .error(code) } else { nil } }
}

/// Calls that meet a fault which changes more than their answer.
extension World {
  /// `accept`. The number comes first, as in Linux: without a free one nobody is taken, and nobody is lost.
  func accept(_ socket: StreamSocket, _ fault: Fault?) -> (CallResult, peer: SocketAddress?) {
    guard case .listening = socket.state else { return (.error(EINVAL), nil) }
    if case .error(let code)? = fault {
      if [ECONNABORTED, EPROTO, EPERM].contains(code), !socket.waiting.isEmpty {
        let lost = socket.waiting.removeFirst()
        lost.isOrphan = true
        reset(lost)
      }
      return (.error(code), nil)
    }
    guard hasFreeDescriptor else { return (.error(EMFILE), nil) }
    guard !socket.waiting.isEmpty else { return (.error(EAGAIN), nil) }
    let accepted = socket.waiting.removeFirst()
    if case .resetAfter? = fault { kill(accepted, ECONNRESET) }
    return (open(accepted), accepted.remote)
  }

  /// `connect`.
  func connect(_ socket: StreamSocket, to address: SocketAddress, _ fault: Fault?) -> CallResult {
    switch fault {
    case .error(EINTR)?:
      // A signal came, and connecting goes on.
      let result = connect(socket, to: address)
      return result.errorCode == EINPROGRESS ? .error(EINTR) : result
    case .error(let code)?: return .error(code)
    case .failsLater(let code)? where socket.family != .unix:
      name(socket, for: address)
      socket.state = .connecting
      events.add(.failure(socket, code), at: now + latency())
      return .error(EINPROGRESS)
    case .atOnce? where socket.family != .unix:
      guard case .fresh = socket.state, let listener = listener(for: address),
        listener.waiting.count <= listener.backlog
      else { return connect(socket, to: address) }
      name(socket, for: address)
      socket.state = .connecting
      request(socket, address, 0)
      socket.state = .connected
      return CallResult(0)
    default: return connect(socket, to: address)
    }
  }

  /// `recv`.
  func receive(
    _ socket: StreamSocket, into buffer: UnsafeMutableRawBufferPointer, _ fault: Fault?
  ) -> CallResult {
    switch fault {
    case .error(let code)?:
      if code == ECONNRESET || code == ETIMEDOUT {
        kill(socket, 0)
        // Such an error is told behind the last byte.
        socket.incoming?.dropReceived()
      }
      return .error(code)
    case .short(let count)?: return receive(socket, into: .init(rebasing: buffer.prefix(count)))
    case .shortByOne?:
      let count = min(buffer.count, socket.incoming?.unreadCount ?? 0) - 1
      return receive(socket, into: .init(rebasing: buffer.prefix(max(count, 1))))
    case .end?:
      guard socket.isConnected else { return receive(socket, into: buffer) }
      // The peer's bytes from here on find nobody, and are answered with a reset, as by a host in between.
      socket.incoming?.dropReceived()
      socket.incoming?.dropSent(butFor: 0)
      socket.peerHasEnded = true
      socket.hasReceivedEnd = true
      if let peer = socket.peer {
        if peer.isConnected {
          peer.die(EPIPE)
        } else if peer.isClosed && socket.family != .unix {
          // Its reset may have been under way, and nobody would send it again.
          send(.reset, from: peer)
        }
      }
      return CallResult(0)
    case .resetAfter?:
      let result = receive(socket, into: buffer)
      kill(socket, ECONNRESET)
      return result
    default: return receive(socket, into: buffer)
    }
  }

  /// `send`.
  func send(_ bytes: UnsafeRawBufferPointer, from socket: StreamSocket, _ fault: Fault?) -> CallResult {
    switch fault {
    case .error(let code)?:
      if code == ECONNRESET { kill(socket, 0) }
      // Linux says EPIPE of a reset only if the peer's end came first, and nothing more. BSD says it of every reset, and
      // tells of the reset itself when something is received.
      if code == EPIPE { kill(socket, socket.peerHasEnded ? 0 : ECONNRESET) }
      return .error(code)
    case .short(let count)?: return send(.init(rebasing: bytes.prefix(count)), from: socket)
    case .shortByOne?: return send(.init(rebasing: bytes.prefix(max(bytes.count - 1, 1))), from: socket)
    case .resetAfter?:
      let result = send(bytes, from: socket)
      kill(socket, ECONNRESET)
      return result
    default: return send(bytes, from: socket)
    }
  }

  /// A connection is reset from outside: both ends hear of it. What has arrived can still be read.
  ///
  /// - Parameter code: What this end hears; 0 if it has heard already.
  func kill(_ socket: StreamSocket, _ code: CInt) {
    guard socket.isConnected || socket.isConnecting else { return }
    if let peer = socket.peer, peer.isConnected {
      peer.incoming?.dropSent(butFor: 0)
      peer.die(ECONNRESET)
    } else {
      // It has yet to hear that the connection stands.
      send(.reset, from: socket)
    }
    socket.incoming?.dropSent(butFor: 0)
    socket.die(code)
  }
}
