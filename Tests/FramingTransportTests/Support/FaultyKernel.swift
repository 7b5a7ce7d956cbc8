import CSystemShims
import Foundation
import FramingTransport
import Synchronization

/// The kernel of this machine, with faults at chosen calls, and an account of every descriptor.
final class FaultyKernel: SystemCalls {
  enum Call: CaseIterable, Hashable, Sendable {
    case socket, bind, listen, accept, connect, setOption, takeError, localAddress, receive, send
    case shutdownWriting, watch, makeSelector, wait, getOption, prepare, isConnected, status, unlink
  }

  enum Fault: Hashable, Sendable {
    /// The call fails and does nothing.
    case fails(CInt)
    /// The call fails, and from now on nothing comes through the connection, in neither direction.
    case dies(CInt)
    /// `connect` answers this and goes on in the background.
    case goesOn(CInt)
    /// One byte is all that comes through.
    case short
    /// The waiting connection was given up by the peer.
    case aborted
  }

  /// The fault, if any, of a call: of which kind it is, and how many of its kind there were before.
  typealias Plan = @Sendable (Call, Int) -> Fault?

  private struct State {
    var plan: Plan = { _, _ in nil }
    var counts: [Call: Int] = [:]
    var open: Set<CInt> = []
    var closedTwice: [CInt] = []
    /// The descriptors that selectors wait with, which live as long as their loop.
    var selectors: Set<CInt> = []
    var holdsSends = false
    var limit = Int.max
    var hosts: [String: [SocketAddress]] = [:]
    var unanswered: [AddressQuery] = []
  }

  private let state = Mutex(State())
  private let real = Kernel.real

  /// Counts from 0 again, and meets what is planned.
  func begin(_ plan: @escaping Plan) {
    state.withLock { state in
      state.plan = plan
      state.counts = [:]
    }
  }

  /// While this is set, no byte can be sent: the kernel's buffers are full.
  var holdsSends: Bool {
    get { state.withLock { $0.holdsSends } }
    set { state.withLock { $0.holdsSends = newValue } }
  }

  /// How many descriptors may be open (`RLIMIT_NOFILE`).
  var limit: Int {
    get { state.withLock { $0.limit } }
    set { state.withLock { $0.limit = newValue } }
  }

  private var isFull: Bool { state.withLock { $0.open.count >= $0.limit } }
  /// The hosts that have addresses; the others have none.
  var hosts: [String: [SocketAddress]] {
    get { state.withLock { $0.hosts } }
    set { state.withLock { $0.hosts = newValue } }
  }

  /// A host of which nothing will ever be known.
  static let silentName = "silent.test"

  /// The queries for the silent host that somebody still waits for.
  var unanswered: [AddressQuery] { state.withLock { $0.unanswered.filter { !$0.isOver } } }

  /// How many calls there were, by kind.
  var counts: [Call: Int] { state.withLock { $0.counts } }
  /// The descriptors that are open.
  var open: Set<CInt> { state.withLock { $0.open } }
  /// The descriptors that were closed without being open.
  var closedTwice: [CInt] { state.withLock { $0.closedTwice } }

  fileprivate func fault(at call: Call) -> Fault? {
    state.withLock { state in
      let index = state.counts[call, default: 0]
      state.counts[call] = index + 1
      return state.plan(call, index)
    }
  }

  /// The call, or its planned failure.
  private func perform(_ call: Call, on descriptor: CInt? = nil, _ body: () -> CallResult) -> CallResult {
    switch fault(at: call) {
    case .fails(let code): return CallResult(-Int(code))
    case .dies(let code):
      if let descriptor { _ = Foundation.shutdown(descriptor, CInt(SHUT_RDWR)) }
      return CallResult(-Int(code))
    case .goesOn(let code):
      _ = body()
      return CallResult(-Int(code))
    case nil, .short, .aborted: return body()
    }
  }

  private func opened(_ result: CallResult) -> CallResult {
    if result.errorCode == nil { state.withLock { _ = $0.open.insert(CInt(result.word)) } }
    return result
  }

  func socket(family: SocketAddress.Family) -> CallResult {
    perform(.socket) { isFull ? CallResult(-Int(EMFILE)) : opened(real.socket(family: family)) }
  }

  func bind(_ descriptor: CInt, to address: SocketAddress) -> CallResult {
    perform(.bind) { real.bind(descriptor, to: address) }
  }

  func listen(_ descriptor: CInt, backlog: CInt) -> CallResult {
    perform(.listen) { real.listen(descriptor, backlog: backlog) }
  }

  func accept(_ descriptor: CInt, peer: inout SocketAddress) -> CallResult {
    switch fault(at: .accept) {
    case .aborted:
      let result = real.accept(descriptor, peer: &peer)
      if result.errorCode != nil { return result }
      real.close(CInt(result.word))
      return CallResult(-Int(ECONNABORTED))
    case .fails(let code), .dies(let code), .goesOn(let code): return CallResult(-Int(code))
    case nil, .short:
      return isFull ? CallResult(-Int(EMFILE)) : opened(real.accept(descriptor, peer: &peer))
    }
  }

  func connect(_ descriptor: CInt, to address: SocketAddress) -> CallResult {
    perform(.connect) { real.connect(descriptor, to: address) }
  }

  func set(_ option: SocketOption, on descriptor: CInt) -> CallResult {
    perform(.setOption) { real.set(option, on: descriptor) }
  }

  func takeError(of descriptor: CInt) -> CallResult {
    perform(.takeError) { real.takeError(of: descriptor) }
  }

  func isConnected(_ descriptor: CInt) -> CallResult {
    perform(.isConnected) { real.isConnected(descriptor) }
  }

  func localAddress(of descriptor: CInt, into address: inout SocketAddress) -> CallResult {
    perform(.localAddress) { real.localAddress(of: descriptor, into: &address) }
  }

  func unread(of descriptor: CInt) -> CallResult { perform(.getOption) { real.unread(of: descriptor) } }

  func unacknowledged(of descriptor: CInt) -> CallResult {
    perform(.getOption) { real.unacknowledged(of: descriptor) }
  }

  func receive(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> CallResult {
    let fault = fault(at: .receive)
    switch fault {
    case .short: return real.receive(descriptor, into: .init(rebasing: buffer.prefix(1)))
    case nil: return real.receive(descriptor, into: buffer)
    case let fault?: return failure(fault, on: descriptor)
    }
  }

  func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> CallResult {
    if holdsSends { return CallResult(-Int(EAGAIN)) }
    switch fault(at: .send) {
    case .short: return real.send(descriptor, .init(rebasing: bytes.prefix(1)))
    case nil: return real.send(descriptor, bytes)
    case let fault?: return failure(fault, on: descriptor)
    }
  }

  private func failure(_ fault: Fault, on descriptor: CInt) -> CallResult {
    switch fault {
    case .fails(let code), .goesOn(let code): return CallResult(-Int(code))
    case .dies(let code):
      _ = Foundation.shutdown(descriptor, CInt(SHUT_RDWR))
      return CallResult(-Int(code))
    case .short, .aborted: return CallResult(-Int(ECONNRESET))
    }
  }

  func shutdownWriting(_ descriptor: CInt) -> CallResult {
    perform(.shutdownWriting, on: descriptor) { real.shutdownWriting(descriptor) }
  }

  func close(_ descriptor: CInt) {
    // Taken from the account first: another thread may be given the same number at once.
    state.withLock { state in
      if state.open.remove(descriptor) == nil && state.selectors.remove(descriptor) == nil {
        state.closedTwice.append(descriptor)
      }
    }
    real.close(descriptor)
  }

  func status(of path: String, into file: inout FileStatus) -> CallResult {
    perform(.status) { real.status(of: path, into: &file) }
  }

  func unlink(_ path: String) -> CallResult { perform(.unlink) { real.unlink(path) } }

  func resolve(_ query: AddressQuery) {
    if query.host == Self.silentName { return state.withLock { $0.unanswered.append(query) } }
    guard let addresses = hosts[query.host] else {
      return query.answer(
        .failure(SocketAddress.UnknownHost(host: query.host, reason: "it is not in the table")))
    }
    query.answer(.success(addresses))
  }

  func makeSelector(_ kind: SelectorKind) throws(SystemError) -> any Selector {
    FaultySelector(try kind.selector(over: self), kernel: self)
  }

  func now() -> Int64 { real.now() }

  // MARK: Waking

  func openWaker(waiting: inout CInt, writing: inout CInt) -> CallResult {
    let result = real.openWaker(waiting: &waiting, writing: &writing)
    if result.errorCode == nil { state.withLock { $0.selectors.formUnion([waiting, writing]) } }
    return result
  }

  func signalWaker(_ writing: CInt) -> CallResult { real.signalWaker(writing) }

  func clearWaker(_ waiting: CInt) { real.clearWaker(waiting) }

  // MARK: Waiting

  func isOpen(_ descriptor: CInt) -> Bool { real.isOpen(descriptor) }

  func select(
    _ count: Int, readable: UnsafeMutablePointer<UInt64>, writable: UnsafeMutablePointer<UInt64>,
    timeout: Int64?
  ) -> CallResult {
    perform(.wait) { real.select(count, readable: readable, writable: writable, timeout: timeout) }
  }

  func poll(_ entries: UnsafeMutableBufferPointer<pollfd>, timeout: Int64?) -> CallResult {
    perform(.wait) { real.poll(entries, timeout: timeout) }
  }

  func epollCreate() -> CallResult { perform(.makeSelector) { openedSelector(real.epollCreate()) } }

  func epollControl(_ epoll: CInt, _ change: EpollChange, _ descriptor: CInt) -> CallResult {
    real.epollControl(epoll, change, descriptor)
  }

  func epollWait(_ epoll: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?)
    -> CallResult
  {
    perform(.wait) { real.epollWait(epoll, into: events, timeout: timeout) }
  }

  func kqueueCreate() -> CallResult { perform(.makeSelector) { openedSelector(real.kqueueCreate()) } }

  func kqueueControl(_ queue: CInt, _ change: KqueueChange, _ descriptor: CInt) -> CallResult {
    real.kqueueControl(queue, change, descriptor)
  }

  func kqueueWait(_ queue: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?)
    -> CallResult
  {
    perform(.wait) { real.kqueueWait(queue, into: events, timeout: timeout) }
  }

  private func openedSelector(_ result: CallResult) -> CallResult {
    if result.errorCode == nil { state.withLock { _ = $0.selectors.insert(CInt(result.word)) } }
    return result
  }

  func isStream(_ descriptor: CInt) -> CallResult {
    perform(.getOption) { real.isStream(descriptor) }
  }

  func isListening(_ descriptor: CInt) -> CallResult {
    perform(.getOption) { real.isListening(descriptor) }
  }

  func prepare(_ descriptor: CInt) -> CallResult {
    // From here on it is on the account: who has prepared it closes it.
    perform(.prepare) {
      let result = real.prepare(descriptor)
      if result.errorCode == nil { _ = opened(CallResult(Int(descriptor))) }
      return result
    }
  }

  func datagramSocket() -> CallResult { perform(.socket) { opened(real.datagramSocket()) } }

  func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress) -> CallResult {
    perform(.send) { real.send(descriptor, bytes, to: address) }
  }

  func processID() -> CInt { real.processID() }
}

/// A selector that may refuse to watch.
private final class FaultySelector: Selector {
  private let real: any Selector
  private unowned let kernel: FaultyKernel

  init(_ real: any Selector, kernel: FaultyKernel) {
    self.real = real
    self.kernel = kernel
  }

  var kind: SelectorKind { real.kind }

  func add(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    if case .fails(let code) = kernel.fault(at: .watch) { throw SystemError(call: "watch", code: code) }
    try real.add(descriptor, interest: interest, token: token)
  }

  func change(_ descriptor: CInt, interest: Interest, token: UInt64) throws(SystemError) {
    try real.change(descriptor, interest: interest, token: token)
  }

  func remove(_ descriptor: CInt) { real.remove(descriptor) }

  func wait(timeout: Int64?, into events: inout ReadyList) throws(SystemError) {
    try real.wait(timeout: timeout, into: &events)
  }

  func wake() { real.wake() }
}

extension FaultyKernel {
  /// How often `loop` waits within a time: once or twice if it has nothing to do, without end if it spins.
  func waits(of loop: EventLoop, within time: Duration) async -> Int {
    let before = Shared(0)
    let waits = Shared<Int?>(nil)
    loop.execute { [self] in
      before.set(counts[.wait, default: 0])
      _ = loop.schedule(after: time) { [self] in waits.set(counts[.wait, default: 0] - before.value) }
    }
    while true {
      if let waits = waits.value { return waits }
      await Task.yield()
    }
  }
}
