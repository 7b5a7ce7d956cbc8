import CSystemShims
import FramingSimulation
import FramingTransport

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A kernel to try things on, and what it said: the same code for the real one and the simulated one.
final class Stage {
  let system: any SystemCalls
  private let copy: (CInt) -> CInt
  private var open: [CInt] = []
  /// What was seen, in words.
  private(set) var transcript: [String] = []
  private let names: String

  private init(_ system: any SystemCalls, names: String, copy: @escaping (CInt) -> CInt) {
    (self.system, self.names, self.copy) = (system, names, copy)
  }

  static func real() -> Stage {
    Stage(Kernel.real, names: "\(getpid())-\(UInt32.random(in: 0 ... .max))") {
      fcntl($0, F_DUPFD_CLOEXEC, 0)
    }
  }

  static func simulated(_ conditions: NetworkConditions = NetworkConditions()) -> Stage {
    let kernel = SimulatedKernel(conditions: conditions)
    return Stage(kernel, names: "simulated") { kernel.duplicate($0) }
  }

  deinit { for descriptor in open { system.close(descriptor) } }

  // MARK: Doing

  func socket(_ family: SocketAddress.Family = .ipv4) -> CInt { keep(system.socket(family: family)) }

  /// A socket that listens at a free address, and the address.
  func listen(backlog: CInt = 16, _ family: SocketAddress.Family = .ipv4) -> (CInt, SocketAddress) {
    let listener = socket(family)
    if family == .unix {
      let address = SocketAddress.unix(path: "@parity-\(names)-\(listener)")
      _ = system.bind(listener, to: address)
      _ = system.listen(listener, backlog: backlog)
      return (listener, address)
    }
    _ = system.bind(listener, to: .loopback(port: 0))
    _ = system.listen(listener, backlog: backlog)
    var address = SocketAddress.loopback(port: 0)
    _ = system.localAddress(of: listener, into: &address)
    return (listener, address)
  }

  func connect(_ address: SocketAddress) -> CInt {
    let client = socket(address.family)
    _ = system.connect(client, to: address)
    return client
  }

  func accept(_ listener: CInt) -> CInt {
    if listener >= 0 { wait(listener, for: [.readable]) }
    var peer = SocketAddress.loopback(port: 0)
    return keep(system.accept(listener, peer: &peer))
  }

  /// A client and its server.
  func pair(_ family: SocketAddress.Family = .ipv4) -> (client: CInt, server: CInt) {
    let (listener, address) = listen(family)
    let client = connect(address)
    let server = accept(listener)
    wait(client, for: [.writable])
    close(listener)
    return (client, server)
  }

  private func listen(_ family: SocketAddress.Family) -> (CInt, SocketAddress) { listen(backlog: 16, family) }

  func duplicate(_ descriptor: CInt) -> CInt { keep(CallResult(Int(copy(descriptor)))) }

  func close(_ descriptor: CInt) {
    open.removeAll { $0 == descriptor }
    system.close(descriptor)
  }

  func send(_ descriptor: CInt, _ text: String) -> String {
    let bytes = Array(text.utf8)
    return Self.words(bytes.withUnsafeBytes { system.send(descriptor, $0) })
  }

  /// Sends until nothing more is taken; answers how many bytes were.
  func fill(_ descriptor: CInt) -> Int {
    let bytes = [UInt8](repeating: 7, count: 1 << 16)
    var count = 0
    while true {
      let result = bytes.withUnsafeBytes { system.send(descriptor, $0) }
      if result.word < 0 { return count }
      count += result.word
    }
  }

  func receive(_ descriptor: CInt, _ count: Int = 100) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { system.receive(descriptor, into: $0) }
    if result.word <= 0 { return result.word == 0 ? "the end" : Self.words(result) }
    return "\"" + String(decoding: bytes[..<result.word], as: UTF8.self) + "\""
  }

  /// How many bytes there are until the end, or an error, and which of them it was.
  func receiveAll(_ descriptor: CInt) -> (count: Int, end: String) {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    while true {
      wait(descriptor, for: [.readable])
      let result = bytes.withUnsafeMutableBytes { system.receive(descriptor, into: $0) }
      if result.word == 0 { return (count, "the end") }
      if result.word < 0 { return (count, Self.words(result)) }
      count += result.word
    }
  }

  // MARK: Seeing

  /// What `poll` says of a descriptor, without waiting.
  func look(_ descriptor: CInt, _ interest: Interest = [.readable, .writable]) -> String {
    poll(descriptor, interest, timeout: 0)
  }

  /// Waits until what is asked for is so, or an error or a hang-up.
  func wait(_ descriptor: CInt, for interest: Interest) { _ = poll(descriptor, interest, timeout: nil) }

  /// What `poll` says, after so many nanoseconds at the most.
  func poll(_ descriptor: CInt, _ interest: Interest, timeout: Int64?) -> String {
    var entry = pollfd(fd: descriptor, events: 0, revents: 0)
    if interest.contains(.readable) { entry.events |= Int16(POLLIN) }
    if interest.contains(.writable) { entry.events |= Int16(POLLOUT) }
    _ = withUnsafeMutablePointer(to: &entry) { system.poll(.init(start: $0, count: 1), timeout: timeout) }
    let names: [(CInt, String)] = [
      (POLLIN, "in"), (POLLOUT, "out"), (POLLERR, "err"), (POLLHUP, "hup"), (POLLNVAL, "nval"),
    ]
    let words = names.filter { CInt(entry.revents) & $0.0 != 0 }.map(\.1)
    return words.isEmpty ? "nothing" : words.joined(separator: " ")
  }

  func takeError(_ descriptor: CInt) -> String { Self.words(system.takeError(of: descriptor)) }

  func say(_ words: String) { transcript.append(words) }

  static func words(_ result: CallResult) -> String {
    result.errorCode.map { SystemError(call: "", code: $0).name } ?? "\(result.word)"
  }

  /// Keeps a descriptor, to close it at the end.
  private func keep(_ result: CallResult) -> CInt {
    if result.word >= 0 { open.append(CInt(result.word)) }
    return CInt(result.word)
  }

  // MARK: epoll

  func epoll() -> CInt { keep(system.epollCreate()) }

  /// What an `epoll` reports, without waiting: the tokens, and the bits of `poll`.
  func events(_ epoll: CInt, timeout: Int64? = 0) -> [UInt64] {
    var events = [csys_event](repeating: csys_event(), count: 8)
    let result = events.withUnsafeMutableBufferPointer { system.epollWait(epoll, into: $0, timeout: timeout) }
    return events.prefix(max(0, result.word)).map(\.token).sorted()
  }
}

extension SystemError {
  /// The name of the error number, of those that occur here.
  fileprivate var name: String {
    let names: [(CInt, String)] = [
      (ECONNRESET, "ECONNRESET"), (EPIPE, "EPIPE"), (EAGAIN, "EAGAIN"), (ENOTCONN, "ENOTCONN"),
      (ECONNREFUSED, "ECONNREFUSED"), (EINPROGRESS, "EINPROGRESS"), (EALREADY, "EALREADY"),
      (EISCONN, "EISCONN"), (EMFILE, "EMFILE"), (EBADF, "EBADF"), (ENOENT, "ENOENT"), (EEXIST, "EEXIST"),
      (EADDRINUSE, "EADDRINUSE"), (EINVAL, "EINVAL"),
    ]
    return names.first { $0.0 == code }?.1 ?? "error \(code)"
  }
}
