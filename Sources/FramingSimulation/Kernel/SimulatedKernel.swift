import CSystemShims
import FramingTransport
import Synchronization

/// A kernel that is a data structure: the same calls in the same order, the same answers, faults included.
///
/// What it does it does at once, on the thread that calls. Time passes only in a wait, or when its driver lets it.
package final class SimulatedKernel: SystemCalls {
  struct State {
    let world: World
    var injector: FaultInjector
    /// What was called and answered, a line for each; `nil` if nobody wants to know.
    var trace: [String]?
    /// Whether a wait that finds nothing is parked, because somebody else lets time pass; see ``Scheduler``.
    var isDriven = false
    var parked: ParkedWait?
    var scheduler = Scheduler()
    /// How often time has passed because nothing could happen.
    var moments = 0
    /// The wait that is made again, because it was parked: it is no call of its own.
    var isResuming = false
    /// The thread that the simulation runs on, once it does, and how many jobs came from others.
    var thread: UInt = 0
    var foreignJobs = 0
    /// Whether the calling thread is no part of the simulation.
    var isForeign: Bool { isDriven && thread != 0 && thread != UInt(csys_thread_current()) }
    /// A token that was removed, for events that come too late.
    var staleToken: UInt64?
    /// Bytes that each socket has received and sent, by its number.
    var traffic: [Traffic] = []
    /// Descriptors that were closed and not open.
    var closedTwice: [CInt] = []
  }

  /// How many bytes have gone through one end of a connection.
  package struct Traffic: Sendable, Hashable {
    package var received = 0
    package var sent = 0
    /// The most that was received and not sent yet, at any time.
    package var mostHeld = 0
  }

  let state: Guarded<State>

  /// A kernel of its own.
  ///
  /// - Parameters:
  ///   - seed: What all choices follow from.
  ///   - conditions: What its network is like.
  ///   - plan: Which calls meet which faults, besides those of the conditions.
  ///   - isTraced: Whether it writes down each call.
  package init(
    seed: UInt64 = 0, conditions: NetworkConditions = NetworkConditions(), plan: FaultPlan = FaultPlan(),
    isTraced: Bool = false
  ) {
    state = Guarded(
      State(
        world: World(conditions, seed: seed),
        injector: FaultInjector(plan: plan, rates: conditions.faults, seed: seed),
        trace: isTraced ? [] : nil))
  }

  // MARK: Crossing the seam

  /// One call: meets its fault if there is one, and is written down.
  func call(
    _ call: SystemCall, _ descriptor: CInt? = nil, _ body: (World, Fault?) -> CallResult
  ) -> CallResult {
    state.withLock { state in
      let fault = state.injector.next(call)
      let result = body(state.world, fault)
      state.note(call, descriptor, result, fault)
      return result
    }
  }

  /// One call on a socket.
  func call(
    _ call: SystemCall, _ descriptor: CInt, _ body: (World, StreamSocket, Fault?) -> CallResult
  ) -> CallResult {
    self.call(call, descriptor) { world, fault in
      guard world[descriptor] != nil else { return .error(EBADF) }
      guard let socket = world.socket(descriptor) else { return .error(ENOTSOCK) }
      return body(world, socket, fault)
    }
  }

  package func socket(family: SocketAddress.Family) -> CallResult {
    call(.socket) { world, fault in
      fault?.failure ?? world.open(world.newSocket(family))
    }
  }

  package func bind(_ descriptor: CInt, to address: SocketAddress) -> CallResult {
    call(.bind, descriptor) { world, socket, fault in fault?.failure ?? world.bind(socket, to: address) }
  }

  package func listen(_ descriptor: CInt, backlog: CInt) -> CallResult {
    call(.listen, descriptor) { world, socket, fault in
      fault?.failure ?? world.listen(socket, backlog: Int(backlog))
    }
  }

  package func accept(_ descriptor: CInt, peer: inout SocketAddress) -> CallResult {
    var address: SocketAddress?
    let result = call(.accept, descriptor) { world, socket, fault in
      let (result, remote) = world.accept(socket, fault)
      address = remote
      return result
    }
    if let address { peer = address }
    return result
  }

  package func connect(_ descriptor: CInt, to address: SocketAddress) -> CallResult {
    call(.connect, descriptor) { world, socket, fault in world.connect(socket, to: address, fault) }
  }

  package func set(_ option: SocketOption, on descriptor: CInt) -> CallResult {
    call(.setOption, descriptor) { _, socket, fault in
      // A connection that lives is never refused it, by any system; Darwin refuses it to one that is no more.
      if let failure = fault?.failure, option != .resetOnClose || !socket.isConnected { return failure }
      switch option {
      case .resetOnClose: socket.resetsOnClose = true
      // Buffers are those of the conditions, and nobody vanishes without a word in this network.
      case .reuseAddress, .noDelay, .ipv6Only, .reusePort, .sendBuffer, .receiveBuffer, .deadPeer: break
      }
      return CallResult(0)
    }
  }

  package func takeError(of descriptor: CInt) -> CallResult {
    call(.takeError, descriptor) { _, socket, fault in
      fault?.failure ?? CallResult(-Int(socket.takeError()))
    }
  }

  package func isConnected(_ descriptor: CInt) -> CallResult {
    call(.getOption, descriptor) { _, socket, fault in
      fault?.failure ?? (socket.isConnected ? CallResult(0) : .error(ENOTCONN))
    }
  }

  package func localAddress(of descriptor: CInt, into address: inout SocketAddress) -> CallResult {
    var local: SocketAddress?
    let result = call(.localAddress, descriptor) { _, socket, fault in
      if let failure = fault?.failure { return failure }
      local = socket.local
      return CallResult(0)
    }
    if let local { address = local }
    return result
  }

  package func unread(of descriptor: CInt) -> CallResult {
    call(.getOption, descriptor) { _, socket, fault in
      fault?.failure ?? CallResult(socket.incoming?.unreadCount ?? 0)
    }
  }

  package func unacknowledged(of descriptor: CInt) -> CallResult {
    call(.getOption, descriptor) { _, socket, fault in
      fault?.failure ?? CallResult(socket.outgoing?.sentCount ?? 0)
    }
  }

  package func receive(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> CallResult {
    let result = call(.receive, descriptor) { world, socket, fault in
      world.receive(socket, into: buffer, fault)
    }
    if result.word > 0 { count(descriptor) { $0.received += result.word } }
    return result
  }

  package func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> CallResult {
    let result = call(.send, descriptor) { world, socket, fault in world.send(bytes, from: socket, fault) }
    if result.word > 0 { count(descriptor) { $0.sent += result.word } }
    return result
  }

  package func shutdownWriting(_ descriptor: CInt) -> CallResult {
    call(.shutdown, descriptor) { world, socket, fault in
      if let failure = fault?.failure {
        world.kill(socket, ECONNRESET)
        return failure
      }
      return world.shutdownWriting(socket)
    }
  }

  package func close(_ descriptor: CInt) {
    state.withLock { state in
      let fault = state.injector.next(.close)
      let wasOpen = state.world.close(descriptor)
      if !wasOpen { state.closedTwice.append(descriptor) }
      state.note(.close, descriptor, wasOpen ? CallResult(0) : .error(EBADF), fault)
    }
  }

  package func makeSelector(_ kind: SelectorKind) throws(SystemError) -> any Selector {
    try kind.selector(over: self)
  }

  package func now() -> Int64 { state.withLock { $0.world.now } }

  // MARK: What programs do that the transport does not

  /// `dup`: one more descriptor of the same file.
  package func duplicate(_ descriptor: CInt) -> CInt {
    state.withLock { state in
      guard let file = state.world[descriptor] else { return -1 }
      return CInt(max(-1, state.world.open(file).word))
    }
  }

  // MARK: Accounts

  private func count(_ descriptor: CInt, _ change: (inout Traffic) -> Void) {
    state.withLock { state in
      guard let number = state.world.socket(descriptor)?.number else { return }
      while state.traffic.count <= number { state.traffic.append(Traffic()) }
      change(&state.traffic[number])
      let held = state.traffic[number].received - state.traffic[number].sent
      state.traffic[number].mostHeld = max(state.traffic[number].mostHeld, held)
    }
  }
}

extension SimulatedKernel.State {
  /// Writes a call down: number, time, name, descriptor, answer, fault.
  mutating func note(_ call: SystemCall, _ descriptor: CInt?, _ result: CallResult, _ fault: Fault?) {
    guard trace != nil else { return }
    let target = descriptor.map { " \($0)" } ?? ""
    let answer = result.errorCode.map { ErrorName.name($0) } ?? "\(result.word)"
    let reason = fault.map { " (\($0))" } ?? ""
    let time = (world.now - World.beginning) / 1000
    trace?.append("\(injector.count - 1) at \(time) us: \(call.rawValue)\(target) = \(answer)\(reason)")
  }
}
