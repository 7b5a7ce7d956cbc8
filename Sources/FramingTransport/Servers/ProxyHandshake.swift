import Framing

/// Reads the PROXY header at the front of an accepted connection, before anything is made of the connection.
///
/// What has come behind the header is handed on with the socket. A peer that closes before its first byte, as the checks of
/// a proxy do, is no failure.
// Unchecked: touched on the thread of its loop only, which `EventLoop` proves at its entries.
final class ProxyHandshake: EventSource, RosterMember, @unchecked Sendable {
  /// What came of it.
  enum Outcome: ~Copyable {
    case finished(Socket, ProxyHeader, rest: [UInt8])
    case failed(ConnectionError)
    /// The peer closed without a word.
    case abandoned
  }

  let peer: SocketAddress
  private let loop: EventLoop
  private var socket: Socket?
  private var token: UInt64?
  private var timer: LoopTimer?
  private var buffer = FrameBuffer()
  var rosterPlace: Int32 = -1
  private var completion: ((ProxyHandshake, consuming Outcome) -> Void)?

  init(_ socket: consuming Socket, peer: SocketAddress, loop: EventLoop) {
    self.peer = peer
    self.loop = loop
    self.socket = .some(socket)
  }

  /// Begins to read; `completion` is called once, never before this returns.
  func begin(
    timeout: Duration?, _ completion: @escaping (ProxyHandshake, consuming Outcome) -> Void
  ) throws(SystemError) {
    guard let descriptor = socket?.descriptor else { return }
    token = try loop.add(self, descriptor: descriptor, interest: .readable)
    self.completion = completion
    if let timeout {
      timer = loop.schedule(after: timeout) { [self] in finish(.failed(.timedOut(.handshake))) }
    }
  }

  /// Closes the connection; nobody is told.
  func cancel() {
    completion = nil
    finish(.abandoned)
  }

  /// The server finishes: what has come is looked at, and a header that has begun is waited for.
  func drain() {
    ready(.readable)
    if socket != nil && buffer.isEmpty { finish(.abandoned) }
  }

  nonisolated func flush() {}

  func ready(_ readiness: Readiness) {
    do throws(SystemError) {
      var outcome = Socket.ReadOutcome.wouldBlock
      _ = try buffer.fill(room: ProxyHeader.defaultLimit) { room throws(SystemError) in
        // No more than a header can be long: what is behind it is for the framing to bound.
        outcome = try socket?.read(into: .init(rebasing: room.prefix(ProxyHeader.defaultLimit))) ?? .ended
        if case .bytes(let count) = outcome { return count }
        return 0
      }
      switch outcome {
      case .wouldBlock: return
      case .ended where buffer.isEmpty: finish(.abandoned)
      case .ended: finish(.failed(.proxy(.truncated(received: buffer.count))))
      case .bytes: parse()
      }
    } catch {
      finish(buffer.isEmpty && error.isPeerGone ? .abandoned : .failed(.system(error)))
    }
  }

  private func parse() {
    do throws(ProxyError) {
      let result = try buffer.withBytes { bytes throws(ProxyError) in try ProxyHeader.parse(bytes) }
      guard let (header, length) = result else { return }
      buffer.removeFirst(length)
      let rest = buffer.withBytes { [UInt8](copying: $0) }
      unwatch()
      guard let socket = socket.take() else { return }
      finish(.finished(socket, header, rest: rest))
    } catch {
      finish(.failed(.proxy(error)))
    }
  }

  private func finish(_ outcome: consuming Outcome) {
    unwatch()
    socket = nil
    guard let completion else { return }
    self.completion = nil
    completion(self, outcome)
  }

  private func unwatch() {
    if let timer { loop.cancel(timer) }
    timer = nil
    if let token, let descriptor = socket?.descriptor { loop.remove(token, descriptor: descriptor) }
    token = nil
  }
}

/// A header that many places may look at, and most connections do not have.
final class SharedHeader: Sendable {
  let value: ProxyHeader
  init(_ value: ProxyHeader) { self.value = value }
}
