import CSystemShims

/// An open stream socket with one owner: it is closed once, and nobody reads a recycled descriptor.
///
/// Never blocks and never raises SIGPIPE. What is to be expected (nothing there yet, the peer closed) is a
/// value; errors are for the end of a connection.
public struct Socket: ~Copyable, Sendable {
  /// The number of the open socket, for calls that are not here. It stays this socket's for as long as that is.
  public private(set) var descriptor: CInt
  private let system: any SystemCalls
  /// The options to set on each socket that this one accepts; those that are inherited are not among them.
  private var onAccepted: [SocketOption] = []
  /// The path in the file system that this listening socket has made, and that goes with it.
  private var path: BoundPath?

  package init(descriptor: CInt, system: any SystemCalls) {
    self.descriptor = descriptor
    self.system = system
  }

  deinit {
    if descriptor < 0 { return }
    // While it is open, no other file can be given the inode.
    path?.remove()
    system.close(descriptor)
  }

  /// Gives the open descriptor away: who takes it closes it.
  consuming func release() -> CInt {
    defer { descriptor = -1 }
    return descriptor
  }

  // MARK: Opening

  /// A socket that listens on `address`; port 0 lets the system choose a free one.
  ///
  /// The path of a Unix socket goes with the socket. The corresponding C functions are `socket`, `bind` and `listen`.
  ///
  /// - Parameters:
  ///   - address: Where to listen. An IPv6 address serves IPv6 only unless `options` say otherwise.
  ///   - options: How to listen, and what connections have that are accepted.
  /// - Throws: ``SystemError``, with the call that failed and the address.
  public static func listening(
    at address: SocketAddress, options: ListenOptions = ListenOptions()
  ) throws(SystemError) -> Socket {
    try listening(at: address, options: options, system: Kernel.real)
  }

  package static func listening(
    at address: SocketAddress, options: ListenOptions, system: any SystemCalls
  ) throws(SystemError) -> Socket {
    let family = address.family
    var socket = try Socket(family: address, system: system)
    for option in options.list(for: family) { try socket.set(option) }
    try socket.setOnAccepted(options.accepted, family: family)
    socket.path = try BoundPath.bind(socket.descriptor, to: address, options.existingPath, system: system)
    _ = try attempt("listen", on: "\(address)") {
      system.listen(socket.descriptor, backlog: CInt(clamping: options.backlog))
    }
    return socket
  }

  /// A socket that has begun to connect to `address`.
  ///
  /// Wait until it is writable, then ask ``takeError()`` how it went. The corresponding C functions are
  /// `socket` and `connect`.
  package static func connecting(
    to address: SocketAddress, options: SocketOptions = SocketOptions(), system: any SystemCalls
  ) throws(SystemError) -> Socket {
    let socket = try Socket(family: address, system: system)
    for option in options.list(for: address.family) { try socket.set(option) }
    // Not repeated after EINTR: the kernel carries on with it, as after EINPROGRESS.
    let result = system.connect(socket.descriptor, to: address)
    switch result.errorCode {
    case nil, EINPROGRESS, EINTR: return socket
    case let code?: throw SystemError(call: "connect", code: code, subject: "\(address)")
    }
  }

  private init(family address: SocketAddress, system: any SystemCalls) throws(SystemError) {
    try address.check()
    let result = system.socket(family: address.family)
    if let code = result.errorCode { throw SystemError(call: "socket", code: code, subject: "\(address)") }
    self.init(descriptor: CInt(result.word), system: system)
  }

  // Frozen: only of such a type do other modules take a part that cannot be copied.
  /// A connection that was taken from a listening socket.
  @frozen
  public struct Accepted: ~Copyable {
    /// The socket that talks to the peer.
    public let socket: Socket
    /// Who the peer is; an empty path for an unnamed Unix socket.
    public let peer: SocketAddress
  }

  /// Takes the next waiting connection of a listening socket; `nil` if none waits.
  ///
  /// The corresponding C function is `accept4`.
  ///
  /// - Throws: ``SystemError``, as when no descriptor is free (`EMFILE`); the connection goes on waiting.
  public func accept() throws(SystemError) -> Accepted? {
    var peer = SocketAddress.unix(path: "")
    guard let descriptor = try attempt("accept", { system.accept(descriptor, peer: &peer) }) else {
      return nil
    }
    let socket = Socket(descriptor: CInt(descriptor), system: system)
    // A dead peer's socket refuses, and tells why when it is read.
    for option in onAccepted { try? socket.set(option) }
    return Accepted(socket: socket, peer: peer)
  }

  // MARK: Bytes

  /// What came of reading.
  public enum ReadOutcome: Hashable, Sendable {
    /// So many bytes came; at least one.
    case bytes(Int)
    /// None is there now.
    case wouldBlock
    /// The peer has closed, or half-closed: none follows.
    case ended
  }

  /// Reads what is there, without waiting, at most as many bytes as `buffer` has. The corresponding C function is `recv`.
  ///
  /// - Parameter buffer: Where to write the bytes; not empty.
  /// - Throws: ``SystemError``, as when the peer has reset the connection (`ECONNRESET`).
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> ReadOutcome {
    try system.read(descriptor, into: buffer)
  }

  /// Hands as many of `bytes` to the kernel as it takes without waiting, and answers how many.
  ///
  /// The corresponding C function is `send`, with `MSG_NOSIGNAL`.
  ///
  /// - Returns: The number of bytes taken, 0 if there is no room now.
  /// - Throws: ``SystemError``, as when the peer is gone (`EPIPE`).
  public func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    try system.write(descriptor, bytes)
  }

  // MARK: State

  /// Tells the peer that no byte follows; reading goes on. The corresponding C function is `shutdown`.
  ///
  /// - Throws: ``SystemError``, as when the socket is not connected (`ENOTCONN`).
  public func shutdownWriting() throws(SystemError) {
    try system.endWriting(descriptor)
  }

  /// The error that the socket met since it was last asked, if any. The C name is `SO_ERROR`.
  package func takeError() -> CInt? { system.takeError(of: descriptor).errorCode }

  /// Whether the socket is connected, and not still connecting. The corresponding C function is `getpeername`.
  func isConnected() -> Bool { system.isConnected(descriptor).errorCode == nil }

  /// The address that the socket is bound to. The corresponding C function is `getsockname`.
  ///
  /// - Throws: ``SystemError`` if it has none that this library knows.
  public func localAddress() throws(SystemError) -> SocketAddress {
    var address = SocketAddress.unix(path: "")
    _ = try attempt("getsockname") { system.localAddress(of: descriptor, into: &address) }
    return address
  }

  /// Has every socket that this listening one accepts have `options`: by inheritance as far as that can be relied upon.
  ///
  /// All are set here, before peers come: buffers bound the window with which a connection begins.
  mutating func setOnAccepted(_ options: SocketOptions, family: SocketAddress.Family) throws(SystemError) {
    let list = options.list(for: family)
    for option in list { try set(option) }
    onAccepted = list.filter { !$0.isInherited(in: family) }
  }

  package func set(_ option: SocketOption) throws(SystemError) {
    _ = try attempt("setsockopt", on: "\(option)") { system.set(option, on: descriptor) }
  }

  /// Makes closing a reset: what was not sent is dropped, and the peer sees an error. The C name is
  /// `SO_LINGER`. A socket that refuses is dead already.
  func resetOnClose() { system.resetOnClose(descriptor) }
}
