import CSystemShims
import Framing

/// How connections are accepted, refused, and left waiting.
extension Listener {
  /// Connections to accept in one turn at the most, so that those that are open have theirs.
  private static let acceptsPerTurn = 64

  nonisolated func flush() {}

  func ready(_ readiness: Readiness) { accept(atMost: Self.acceptsPerTurn) }

  /// Accepts everyone who waits, but for those who come meanwhile without end.
  func acceptAll() { accept(atMost: limits.connections) }

  /// Accepts connections until none waits.
  private func accept(atMost limit: Int) {
    for _ in 0..<limit {
      do throws(SystemError) {
        guard let accepted = try socket?.accept() else { return }
        starvation.end()
        bank.add(.accepted)
        try take(accepted.socket, of: accepted.peer)
      } catch {
        if error.concernsOneConnection { continue }
        bank.add(.acceptFailures)
        if let count = failures.admit(now: loop.now) { onEvent(.acceptFailed(error, count: count)) }
        return pauseAccepting(after: error)
      }
    }
  }

  private func take(_ socket: consuming Socket, of peer: SocketAddress) throws(SystemError) {
    let isProxy = proxies?.contains(peer) ?? false
    if let cap = exceededCap(by: isProxy ? nil : peer) { return refuse(socket, of: peer, because: cap) }
    if isProxy { try awaitHeader(of: socket, from: peer) } else { serve(socket, peer: peer) }
  }

  /// The cap that one more connection would exceed; `peer` is `nil` while its address is not known.
  private func exceededCap(by peer: SocketAddress?) -> ConnectionCap? {
    if connections.count + handshakes.count >= limits.connections { return .total }
    guard let peer else { return nil }
    return peers[peer.withoutPort, default: 0] >= limits.connectionsPerPeer ? .perPeer : nil
  }

  private func refuse(_ socket: consuming Socket, of peer: SocketAddress, because cap: ConnectionCap) {
    socket.resetOnClose()
    bank.add(failure: .refused(cap))
    if let count = refusals[cap, default: EventThrottle()].admit(now: loop.now) {
      onEvent(.refused(cap, peer: peer, count: count))
    }
  }

  // MARK: Without descriptors

  /// Level-triggered readiness would come again at once and at every turn: wait until descriptors may be free. Those who
  /// wait to be accepted are served then.
  private func pauseAccepting(after error: SystemError) {
    guard token != nil else { return }
    // One that closes its socket now resets them anyway, and counts them so.
    if error.code == EMFILE || error.code == ENFILE,
      starvation.isOverdue(now: loop.now) || phase == .finishing
    {
      shed()
    }
    watch([])
    _ = loop.schedule(after: starvation.nextPause()) { [self] in watch(.readable) }
  }

  /// Resets those who have waited to be accepted for longer than they may take themselves, so that they know: with the
  /// descriptor that was kept for it.
  private func shed() {
    var count = 0
    starvation.withReserve {
      while count < Self.acceptsPerTurn, let accepted = try? socket?.accept() {
        accepted.socket.resetOnClose()
        count += 1
      }
    }
    starvation.restart(now: loop.now)
    guard count > 0 else { return }
    bank.add(.accepted, count)
    bank.add(.shed, count)
    onEvent(.shed(count: count))
  }

  private func watch(_ interest: Interest) {
    guard let token, let descriptor = socket?.descriptor else { return }
    do throws(SystemError) {
      try loop.change(token, descriptor: descriptor, interest: interest)
    } catch {
      onEvent(.acceptFailed(error, count: 1))
      // Nobody else would ask again.
      if !interest.isEmpty { _ = loop.schedule(after: starvation.nextPause()) { [self] in watch(interest) } }
    }
  }

  // MARK: Behind a proxy

  private func awaitHeader(of socket: consuming Socket, from proxy: SocketAddress) throws(SystemError) {
    let handshake = ProxyHandshake(socket, peer: proxy, loop: loop)
    handshakes.add(handshake)
    do throws(SystemError) {
      try handshake.begin(timeout: limits.connection.handshakeTime) { [self] handshake, outcome in
        _ = handshakes.remove(handshake)
        finish(outcome, from: proxy)
        advance()
      }
    } catch {
      _ = handshakes.remove(handshake)
      throw error
    }
  }

  private func finish(_ outcome: consuming ProxyHandshake.Outcome, from proxy: SocketAddress) {
    switch consume outcome {
    case .finished(let socket, let header, let rest):
      let peer = header.source ?? proxy
      if let cap = exceededCap(by: peer) { return refuse(socket, of: peer, because: cap) }
      serve(socket, peer: peer, header: SharedHeader(header), received: rest)
    case .failed(let error):
      bank.add(failure: error)
      onEvent(.connectionFailed(peer: proxy, error))
    case .abandoned: break
    }
  }
}

extension SystemError {
  /// Whether the peer, or the network, gave up while the connection waited to be accepted (accept(2)).
  fileprivate var concernsOneConnection: Bool {
    isPeerGone || [EPROTO, ENETDOWN, EHOSTDOWN, ENOPROTOOPT].contains(code)
  }
}
