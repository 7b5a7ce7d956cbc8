import CSystemShims
import FramingTransport

/// All that the simulated kernel knows: descriptors, addresses, time, and what is on its way.
///
/// Nothing here depends on the order of a set or a dictionary, on an address in memory or on a clock: the same calls in
/// the same order have the same answers in every process.
final class World {
  enum Event: HeapElement {
    case arrival(StreamSocket)
    case request(StreamSocket, SocketAddress, attempt: Int)
    case failure(StreamSocket, CInt)
  }

  let conditions: NetworkConditions
  /// Whether each direction of each connection is cut behind so many bytes, in the place of what the conditions say about
  /// pieces.
  var isCut: (@Sendable (_ place: Int) -> Bool)?
  /// Chooses latencies, pieces and orders.
  var random: RandomSource
  /// Nanoseconds; does not begin at zero, so that zero is no time.
  var now = World.beginning
  static let beginning: Int64 = 1_000_000_000_000
  var events = TimeHeap<Event>()
  /// How many events were delivered.
  private(set) var deliveries = 0

  /// What each descriptor names; 0, 1 and 2 are taken in every process.
  private var files: [OpenFile?] = [WakerFile(), WakerFile(), WakerFile()]
  private var epolls: [EpollFile] = []
  private var kqueues: [KqueueFile] = []
  private var listeners: [StreamSocket] = []
  /// Both ends of each connection, which refer to each other weakly.
  var links: [(StreamSocket, StreamSocket)] = []
  /// The paths of Unix sockets, which stay when their sockets are gone.
  var paths: [(path: String, inode: UInt64)] = []
  /// The names of hosts.
  var hosts: [(name: String, addresses: [SocketAddress])] = []
  private var lastPort: UInt16 = 32_767
  private var lastInode: UInt64 = 0
  private var socketCount = 0

  init(_ conditions: NetworkConditions, seed: UInt64) {
    self.conditions = conditions
    random = RandomSource(seed: seed)
  }

  // MARK: Descriptors

  subscript(descriptor: CInt) -> OpenFile? {
    files.indices.contains(Int(descriptor)) ? files[Int(descriptor)] : nil
  }

  func socket(_ descriptor: CInt) -> StreamSocket? { self[descriptor] as? StreamSocket }

  /// The open descriptors of sockets, the lowest first.
  var openSockets: [CInt] {
    files.indices.filter { files[$0] is StreamSocket || files[$0] is DatagramFile }.map { CInt($0) }
  }

  /// How many files are watched, without the wakers.
  var registrationCount: Int {
    epolls.reduce(0) { $0 + $1.registrations.count { !($0.file is WakerFile) } }
  }

  private var lowestFree: Int? {
    let free = files.firstIndex { $0 == nil } ?? files.count
    return free < conditions.descriptors ? free : nil
  }

  var hasFreeDescriptor: Bool { lowestFree != nil }

  /// Gives `file` the lowest free descriptor, as every system does: numbers come again at once.
  func open(_ file: OpenFile) -> CallResult {
    guard let number = lowestFree else { return .error(EMFILE) }
    if number == files.count { files.append(file) } else { files[number] = file }
    file.names += 1
    if let epoll = file as? EpollFile { epolls.append(epoll) }
    if let kqueue = file as? KqueueFile { kqueues.append(kqueue) }
    return CallResult(number)
  }

  func newSocket(_ family: SocketAddress.Family) -> StreamSocket {
    socketCount += 1
    return StreamSocket(family: family, number: socketCount)
  }

  func close(_ descriptor: CInt) -> Bool {
    guard let file = self[descriptor] else { return false }
    files[Int(descriptor)] = nil
    for kqueue in kqueues { kqueue.forget(descriptor) }
    file.names -= 1
    if file.names > 0 { return true }
    for epoll in epolls { epoll.forget(file) }
    if let epoll = file as? EpollFile { epolls.removeAll { $0 === epoll } }
    kqueues.removeAll { $0 === file }
    if let socket = file as? StreamSocket { abandon(socket) }
    return true
  }

  // MARK: Time

  /// When the next event is due.
  var nextTime: Int64? { events.first?.time }

  /// Lets one event happen that is due; answers whether there was one.
  func deliverOne() -> Bool {
    guard let event = events.popDue(now) else { return false }
    deliveries += 1
    switch event {
    case .arrival(let socket): arrive(at: socket)
    case .request(let client, let address, let attempt): request(client, address, attempt)
    case .failure(let socket, let code): if case .connecting = socket.state { socket.die(code) }
    }
    return true
  }

  func latency() -> Int64 {
    let range = conditions.latency
    let (low, high) = (Self.nanoseconds(range.lowerBound), Self.nanoseconds(range.upperBound))
    return low == high ? low : low + Int64(random.below(Int(high - low) + 1))
  }

  static func nanoseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  // MARK: Addresses

  func bind(_ socket: StreamSocket, to address: SocketAddress) -> CallResult {
    if socket.local != nil { return .error(EINVAL) }
    let address = address.port == 0 ? address.with(port: freshPort()) : address
    if listener(exactlyAt: address) != nil { return .error(EADDRINUSE) }
    if case .unix(let path) = address, !path.hasPrefix("@") {
      if paths.contains(where: { $0.path == path }) { return .error(EADDRINUSE) }
      lastInode += 1
      paths.append((path, lastInode))
    }
    socket.local = address
    return CallResult(0)
  }

  func listen(_ socket: StreamSocket, backlog: Int) -> CallResult {
    guard case .fresh = socket.state else { return .error(EINVAL) }
    if socket.local == nil { socket.local = .any(port: freshPort()) }
    if let local = socket.local, listener(exactlyAt: local) != nil { return .error(EADDRINUSE) }
    socket.state = .listening
    socket.backlog = backlog
    listeners.append(socket)
    return CallResult(0)
  }

  private func freshPort() -> UInt16 {
    lastPort += 1
    return lastPort
  }

  private func listener(exactlyAt address: SocketAddress) -> StreamSocket? {
    listeners.first { $0.local == address }
  }

  /// Who listens at `address`, or at its port for all addresses.
  func listener(for address: SocketAddress) -> StreamSocket? {
    if let listener = listener(exactlyAt: address) { return listener }
    switch address {
    case .ipv4(_, let port): return listener(exactlyAt: .ipv4(0, port: port))
    case .ipv6(_, let port, _): return listener(exactlyAt: .ipv6(0, port: port))
    case .unix: return nil
    }
  }

  func forget(_ listener: StreamSocket) { listeners.removeAll { $0 === listener } }

  /// Gives a socket that connects an address of its own.
  func name(_ socket: StreamSocket, for remote: SocketAddress) {
    if socket.local != nil { return }
    switch remote {
    case .ipv4(let host, _): socket.local = .ipv4(host, port: freshPort())
    case .ipv6(let host, _, let scope): socket.local = .ipv6(host, port: freshPort(), scope: scope)
    case .unix: socket.local = .unix(path: "")
    }
  }
}

extension SocketAddress {
  func with(port: UInt16) -> SocketAddress {
    switch self {
    case .ipv4(let host, _): .ipv4(host, port: port)
    case .ipv6(let host, _, let scope): .ipv6(host, port: port, scope: scope)
    case .unix: self
    }
  }
}
