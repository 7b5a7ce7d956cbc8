import CSystemShims
import FramingTransport

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Two connected Unix sockets that do not block. What one end does is seen at the other at once, so that a
/// wait of no time suffices.
struct SocketPair: ~Copyable {
  let near: Socket
  let far: Socket

  init() throws {
    var ends: [CInt] = [-1, -1]
    #if canImport(Glibc)
    let type = CInt(SOCK_STREAM.rawValue)
    #else
    let type = SOCK_STREAM
    #endif
    let result = socketpair(AF_UNIX, type, 0, &ends)
    if result != 0 { throw SystemError(call: "socketpair", code: errno) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    near = Socket(descriptor: ends[0], system: Kernel.real)
    far = Socket(descriptor: ends[1], system: Kernel.real)
  }

  consuming func closeFar() -> Socket { near }
  consuming func closeNear() -> Socket { far }
}

/// Two connected TCP sockets over the loopback interface.
struct TCPPair: ~Copyable {
  let client: Socket
  let server: Socket

  init() throws {
    let listener = try Socket.listening(at: .loopback(port: 0))
    let client = try Socket.connecting(to: listener.localAddress(), system: Kernel.real)
    Poll.wait(listener.descriptor, for: .readable)
    server = try listener.acceptOne()
    Poll.wait(client.descriptor, for: .writable)
    self.client = client
  }

  consuming func closeServer() -> Socket { client }
}

/// A socket that an array can hold.
final class SharedSocket {
  let socket: Socket

  init(_ socket: consuming Socket) { self.socket = socket }
}

extension Socket {
  /// The value of an option of TCP. The C name is `getsockopt`.
  func tcpOption(_ name: CInt) -> CInt {
    var value: CInt = -1
    var length = socklen_t(MemoryLayout<CInt>.size)
    return getsockopt(descriptor, CInt(IPPROTO_TCP), name, &value, &length) == 0 ? value : -1
  }
}

/// `poll`: how tests wait for what the network stack does in its own time.
enum Poll {
  /// Waits until `descriptor` is ready for what is asked, or has met an error or a hang-up.
  static func wait(_ descriptor: CInt, for interest: Interest) {
    var entry = pollfd(fd: descriptor, events: 0, revents: 0)
    if interest.contains(.readable) { entry.events |= Int16(POLLIN) }
    if interest.contains(.writable) { entry.events |= Int16(POLLOUT) }
    while poll(&entry, 1, -1) < 0 {}
  }

  /// Waits until `descriptor` has met an error or a hang-up.
  static func waitForHangUp(_ descriptor: CInt) { wait(descriptor, for: []) }
}

extension Socket {
  /// Takes a connection that waits already.
  func acceptOne() throws -> Socket {
    guard let accepted = try accept() else { throw SystemError(call: "accept", code: EAGAIN) }
    return accepted.socket
  }

  /// Writes all of `text`, which must fit into the buffer of the socket.
  func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    let count = try write(bytes.span)
    if count != bytes.count { throw SystemError(call: "send", code: EAGAIN) }
  }

  /// Reads up to `count` bytes; `nil` for none there, empty for the end.
  func read(_ count: Int = 1024) throws -> String? {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    let outcome = try span.withUnsafeMutableBytes { buffer throws(SystemError) in try read(into: buffer) }
    switch outcome {
    case .wouldBlock: return nil
    case .ended: return ""
    case .bytes(let count): return String(decoding: bytes[..<count], as: UTF8.self)
    }
  }
}

enum Descriptors {
  /// Raises the limit of open files as far as the system lets us; answers it.
  static let limit: UInt64 = {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    _ = setLimit(UInt64(limit.rlim_max))
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    return UInt64(limit.rlim_cur)
  }()

  /// Sets the limit of open files of this process; answers whether the system took it.
  static func setLimit(_ count: UInt64) -> Bool {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return false }
    limit.rlim_cur = rlim_t(count)
    return setrlimit(resource, &limit) == 0
  }

  #if canImport(Glibc)
  private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
  private static let resource = RLIMIT_NOFILE
  #endif

  /// A copy of `descriptor` with a number of at least `number`.
  ///
  /// The system gives out the lowest free number: one far above what is open is not taken by a test that
  /// runs at the same time, and may be closed and looked at again.
  static func copy(_ descriptor: CInt, from number: CInt) throws -> CInt {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, number)
    if copy < 0 { throw SystemError(call: "fcntl F_DUPFD_CLOEXEC", code: errno, subject: "\(number)") }
    return copy
  }

  /// `fcntl`, which is variadic in C, for places that take plain functions only.
  static func control(_ descriptor: CInt, _ command: CInt) -> CInt { fcntl(descriptor, command) }

  /// What is open at `descriptor`, as a number that no other socket has; `nil` if nothing is.
  static func identity(_ descriptor: CInt) -> UInt64? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : nil
  }
}

/// A port at which nobody listens and which nobody else can be given.
struct TCPPort: ~Copyable {
  let socket: Socket
  let address: SocketAddress

  init() throws {
    let result = Kernel.real.socket(family: .ipv4)
    if let code = result.errorCode { throw SystemError(call: "socket", code: code) }
    let socket = Socket(descriptor: CInt(result.word), system: Kernel.real)
    _ = try attempt("bind") { Kernel.real.bind(socket.descriptor, to: .loopback(port: 0)) }
    address = try socket.localAddress()
    self.socket = socket
  }
}
