import Framing

extension FramedServer {
  /// Tells everyone who connects to `address` how this server is, with one line, and closes:
  ///
  ///     starting LF  |  ready LF  |  draining LF
  ///
  /// For the checks of balancers and supervisors: `draining` is said from the call of ``shutdown(_:)``, while connections
  /// may still be accepted (``Drain/acceptTime``), so that whoever sends connections here sends them elsewhere in time.
  /// What the peer sends is not looked at. Answers come from the server's own loop: one that is stuck answers nothing. It
  /// ends with the server.
  ///
  /// ```swift
  /// let health = try server.reportHealth(at: .any(port: 7778))
  /// ```
  ///
  /// - Parameter address: Where to listen for checks; port 0 lets the system choose a free one.
  /// - Returns: The address, with the port that the system chose.
  /// - Throws: ``SystemError`` if nobody can listen there.
  public func reportHealth(at address: SocketAddress) throws(SystemError) -> SocketAddress {
    var limits = ServerLimits()
    limits.connections = 256
    limits.connection.closeTime = .seconds(2)
    let port = try FramedServer(at: address, framer: LineFramer(), limits: limits, on: loop)
    port.answer(untilEndOf: self)
    return port.address
  }

  /// Tells everyone who connects how `other` is, and closes; until `other` has stopped, or is no more.
  private func answer(untilEndOf other: FramedServer) {
    // Not the other itself, which may go without having run.
    loop.execute { [listener, weak other = other.listener] in
      guard let other else { return listener.shutdown(.immediate) }
      let service = ConnectionService(
        onMessage: { _, _ in }, onDrain: nil, onFailure: { _, _ in }, onClose: { listener.closed($0) })
      listener.run(service) { [weak other] connection in
        do throws(ConnectionError) {
          try connection.queue((other?.phase ?? .stopped).health.utf8)
        } catch {
          connection.note(error)
        }
        connection.beginClose()
      }
      other.whenStopped { listener.loop.execute { listener.shutdown(.immediate) } }
    }
  }
}

extension ServerPhase {
  /// What the health port says.
  fileprivate var health: String {
    switch self {
    case .starting: "starting"
    case .ready: "ready"
    case .draining, .finishing, .cutting, .stopped: "draining"
    }
  }
}
