import Framing

/// A connection that carries messages.
///
/// ```swift
/// for try await message in connection.messages { try await connection.send(message) }
/// ```
///
/// An actor whose executor is its ``EventLoop``: its state is touched on the loop's thread only, and a handler that is
/// isolated to it runs there, without a hop. What is sent is gathered and handed to the kernel when the handler waits.
///
/// A connection has to be closed: with ``close()``, which loses nothing, or with ``reset()``. Servers, and
/// ``withConnection(to:framer:limits:options:on:_:)``, do it themselves.
public actor FramedConnection {
  /// The address of the peer; behind a proxy that sends a PROXY header, the one that the header tells.
  public nonisolated let peer: SocketAddress
  /// The PROXY header that came first, if the server expects one from its proxies.
  public nonisolated var proxyHeader: ProxyHeader? { header?.value }
  /// The loop that the connection belongs to.
  public nonisolated let loop: EventLoop

  /// The loop, as the executor of this actor.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private nonisolated let header: SharedHeader?
  let settings: ConnectionSettings

  // Unchecked, as what is marked below, and the buffers of the loop: a check at run time of each access, several for every
  // message, costs more than what is accessed. One thread is here at a time, as this is an actor, and no access lasts
  // while a handler, or whoever waited, is called.
  //
  // In an order that leaves no gaps: a server has thousands of these.

  @exclusivity(unchecked) var framing: FramingState
  /// The framing before the handler that runs changed it; it still has the unread bytes.
  @exclusivity(unchecked) var previous: FramingState?

  // What the loop watches, and how far both directions are; see its files +Loop, +Reading, +Writing and +Closing.

  /// The open socket, which this owns; -1 once it is closed.
  @exclusivity(unchecked) private(set) var descriptor: CInt
  var interest: Interest = []
  /// Whether messages go to a synchronous handler.
  @exclusivity(unchecked) var hasHandler = false
  /// Whether the decoder is being accessed, because the synchronous handler runs, or others are told that it threw.
  var isDelivering = false
  var isFlushPlanned = false
  var token: UInt64?
  var isReadingPaused = false
  /// Whether the end of the stream, or that the peer is gone, has been read.
  var peerHasEnded = false
  var isClosing = false
  /// Whether the server stops: no message is taken any more but those that have begun.
  ///
  /// ``messages`` ends then as if the peer had closed, and a handler that has to say goodbye can do so.
  @exclusivity(unchecked) public internal(set) var isDraining = false
  /// Whether, as the server stops, everything was read that had come by then.
  var hasReadAll = false
  /// Whether it was not finished when the time of its server was over.
  var isCut = false
  /// Whether its timer fires early enough for the times that count while the program waits for the peer, too.
  @exclusivity(unchecked) var isTimerForInput = false
  var receiving = Direction.open
  var sending = Direction.open { didSet { isSendingOpen = sending.isOpen } }
  /// The first thing that went wrong.
  var failure: ConnectionError?

  /// What is done with it; `nil` for a client, and once it is closed.
  var service: ConnectionService?
  /// The task that serves it, if one does.
  var task: Task<Void, Never>?
  /// See FramedConnection+Owner.swift.
  @exclusivity(unchecked) var owner: UnsafeRawPointer?

  // What its limits are about; see FramedConnection+Limits.swift.

  @exclusivity(unchecked) var clock: ConnectionClock
  /// How many messages were taken.
  var messageCount: UInt64 = 0
  /// How many bytes are counted as queued.
  var countedQueue = 0
  // One timer, for what is over first: a time of its limits, or that of closing once that has begun. Unsafe, as the queue
  // keeps it for whatever has a timer: touched on the loop's thread only, as all else here.
  @exclusivity(unchecked) nonisolated(unsafe) var timerPlace: Int32 = -1

  // How it ends; see FramedConnection+Drain.swift and +Closing.

  /// How many bytes had come when the server began to stop, and were not read yet.
  var restBytes: CInt = 0
  /// When closing is over, whatever the peer has.
  var closeLimit = Int64.max
  /// Where the message begins that is the last one to be taken, as the server stops.
  var lastMessageOffset: UInt64?

  // Asked for each message, so that it need not look at all that they depend on.

  /// Whether ``sending`` is open.
  @exclusivity(unchecked) private(set) var isSendingOpen = true
  /// Whether something has happened after which the synchronous handler may have to wait for the next message.
  @exclusivity(unchecked) var isInterrupted = false

  /// Of ``receiver``: whether the server is told of frames that were left out, and not the receiver.
  @exclusivity(unchecked) var receivesWholeOnly = false

  // Unsafe: touched by the roster of its server only, on the thread of the listener's loop.
  nonisolated(unsafe) var rosterPlace: Int32 = -1

  // Who waits; see FramedConnection+Receiving.swift and +Waiting.

  @exclusivity(unchecked) var receiver: Receiver?
  @exclusivity(unchecked) var waiters: [Waiter] = []
  var lastTicket: UInt64 = 0

  /// A synchronous handler. Gets each message in place; runs on the loop, isolated to the connection.
  public typealias MessageHandler = @Sendable (Span<UInt8>, isolated FramedConnection) throws -> Void

  @usableFromInline typealias Received = Result<[UInt8]?, ConnectionError>

  /// How far one direction has come.
  enum Direction {
    case open
    /// Sending only: to be ended once everything queued is sent.
    case ending
    case ended
    case failed(ConnectionError)

    var isOpen: Bool { if case .open = self { true } else { false } }
    var isOver: Bool {
      switch self {
      case .open, .ending: false
      case .ended, .failed: true
      }
    }
  }

  /// Who waits for a message.
  struct Receiver {
    let ticket: UInt64
    let continuation: UnsafeContinuation<Received, Never>
  }

  /// Somebody who waits for something other than a message.
  struct Waiter {
    enum Event { case writable, flushed, closed }
    let event: Event
    let ticket: UInt64
    let continuation: UnsafeContinuation<ConnectionError?, Never>
  }

  /// Bytes to ask the kernel for at once.
  static let readSize = 64 << 10
  /// Unread bytes that may wait for a receiver before reading pauses.
  static let readAhead = 64 << 10
  /// The same once everything is sent, for a peer that broke the framing and when the server stops.
  static let shortCloseDeadline = Duration.seconds(1)
  /// Unread bytes, at the most, that are carried from one buffer to another to share a large one.
  static let carried = 4096

  init(
    _ socket: consuming Socket, peer: SocketAddress, framing: ConnectionFraming, settings: ConnectionSettings,
    loop: EventLoop, header: SharedHeader? = nil, received: [UInt8] = []
  ) {
    self.header = header
    self.peer = peer
    self.loop = loop
    self.settings = settings
    self.clock = ConnectionClock(now: loop.system.now())
    self.framing = framing.makeState()
    self.descriptor = socket.release()
    if received.isEmpty { return }
    self.framing.fill(room: received.count) { room in
      room.copyBytes(from: received)
      return received.count
    }
  }

  deinit {
    framing.destroy()
    previous?.destroy()
    if descriptor >= 0 { loop.system.close(descriptor) }
  }

  // MARK: Changing the framing

  /// Frames in another way from here on: what is sent from now on, and what lies behind the message that was taken last.
  ///
  /// For protocols that begin in one framing and go on in another: take the message that ends the first, answer it,
  /// then change. Bytes that have arrived already are read anew, and what was sent before goes out as it was framed;
  /// the offsets of errors count on. Also for another limit of the same framing.
  ///
  /// ```swift
  /// try await server.run { connection in
  ///   guard try await connection.receive() == Array("BINARY".utf8) else { return }
  ///   try await connection.send("OK".utf8)
  ///   connection.changeFraming(to: LengthPrefixedFramer())
  ///   for try await message in connection.messages { try await connection.send(message) }
  /// }
  /// ```
  @inlinable
  public func changeFraming(to framer: some Framer) { changeFraming(to: ConnectionFraming(framer)) }

  @usableFromInline
  func changeFraming(to next: ConnectionFraming) {
    let old = framing
    framing = next.makeState()
    framing.adoptOutput(of: old)
    // The first of several changes in one call of a handler has the bytes.
    if previous == nil { previous = old } else { old.destroy() }
    isInterrupted = true
    if isDelivering { return }
    inheritInput()
    deliver()
    if framing.outputCount > 0 { planFlush() }
    resumeReceiver()
    updateInterest()
  }

  /// Takes the unread bytes over from the framing before; answers whether there was one.
  @discardableResult
  func inheritInput() -> Bool {
    guard let previous else { return false }
    self.previous = nil
    framing.adoptInput(of: previous)
    previous.destroy()
    return true
  }

  // MARK: The socket

  /// Whether the socket is not closed yet.
  var isOpen: Bool { descriptor >= 0 }

  func closeSocket() {
    if isOpen { loop.system.close(descriptor) }
    descriptor = -1
  }
}
