/// Something that happened to a server, for its log: the one hook, to be bound to whatever writes logs.
///
/// ```swift
/// let server = try FramedServer(at: address, framer: LineFramer()) { event in
///   if event.level >= .info { print(event) }
/// }
/// ```
public enum ServerEvent: Sendable {
  /// A connection failed, which ends alone, or a frame of it was left out. Mostly a ``ConnectionError``, or what a
  /// handler threw.
  case connectionFailed(peer: SocketAddress, any Error)
  /// Connections were refused, `count` of them since the last such event; `peer` is the last one. Once a second.
  case refused(ConnectionCap, peer: SocketAddress, count: Int)
  /// No connection could be accepted, `count` times since the last such event. The listener goes on. Once a second.
  case acceptFailed(any Error, count: Int)
  /// Descriptors lacked for so long that `count` connections were reset that waited to be accepted.
  case shed(count: Int)
  /// The server has entered a phase, with so many connections.
  case entered(ServerPhase, connections: Int)

  /// How much it matters; the names are those of syslog and of most logging libraries.
  public enum Level: Int, CaseIterable, Comparable, Sendable {
    /// Part of any day: a peer went away.
    case debug
    /// A peer did something wrong.
    case info
    /// The server goes from one phase into another.
    case notice
    /// The server, or the machine, is at a limit.
    case warning
    /// A handler of the program failed.
    case error

    /// Whether `left` matters less.
    public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  /// How much it matters.
  public var level: Level {
    switch self {
    case .connectionFailed(_, let error): (error as? ConnectionError)?.level ?? .error
    case .refused, .acceptFailed, .shed: .warning
    case .entered: .notice
    }
  }

  /// What went wrong, if something did.
  public var error: (any Error)? {
    switch self {
    case .connectionFailed(_, let error), .acceptFailed(let error, _): error
    case .refused(let cap, _, _): ConnectionError.refused(cap)
    case .shed, .entered: nil
    }
  }

  /// The peer, if it is about one.
  public var peer: SocketAddress? {
    switch self {
    case .connectionFailed(let peer, _), .refused(_, let peer, _): peer
    case .acceptFailed, .shed, .entered: nil
    }
  }
}

extension ServerEvent: CustomStringConvertible {
  /// One line: "127.0.0.1:50000: frame at byte 0 carries 70000 bytes; the limit is 65536".
  public var description: String {
    switch self {
    case .connectionFailed(let peer, let error): "\(peer): \(error)"
    case .refused(let cap, let peer, let count):
      "\(peer): \(ConnectionError.refused(cap))" + Self.times(count)
    case .acceptFailed(let error, let count): "listener: \(error)" + Self.times(count)
    case .shed(let count): "listener: no descriptor was free for too long; \(count) that waited were reset"
    case .entered(let phase, let connections): "\(phase), connections: \(connections)"
    }
  }

  private static func times(_ count: Int) -> String { count == 1 ? "" : " (\(count) times)" }
}

extension ConnectionError {
  /// What of it an operator wants to read.
  fileprivate var level: ServerEvent.Level {
    switch self {
    case .system(let error): error.isPeerGone ? .debug : .warning
    case .closed, .cancelled: .debug
    case .framing, .leftOut, .proxy, .unsent, .timedOut, .unknownHost, .unreachable: .info
    case .refused, .cut: .warning
    case .handler: .error
    }
  }
}

/// Lets the first of a crowd of equal events through, and the next not before a second has passed.
struct EventThrottle {
  private var quietUntil = Int64.min
  private var held = 0

  /// How many events the one that happens now stands for; `nil` if it is held back.
  mutating func admit(now: Int64) -> Int? {
    held += 1
    guard now >= quietUntil else { return nil }
    quietUntil = now &+ 1_000_000_000
    defer { held = 0 }
    return held
  }
}
