import FramingTransport
import ToolSupport

/// The options of `serve` that say what peers may do; each is a field of ``ServerLimits``.
enum LimitOptions {
  static let names = [
    "--max-connections", "--max-per-peer", "--max-frame", "--max-queued", "--handshake-time",
    "--message-time",
    "--idle-time", "--write-time", "--dead-peer-time", "--close-time",
  ]

  /// The limits with what is given; all others as the library has them.
  static func limits(_ arguments: Arguments) throws(Failure) -> ServerLimits {
    var limits = ServerLimits()
    if let count = try arguments.integer("--max-connections", in: counts) { limits.connections = count }
    if let count = try arguments.integer("--max-per-peer", in: counts) { limits.connectionsPerPeer = count }
    if let bytes = try arguments.integer("--max-frame", in: counts) { limits.connection.frameBytes = bytes }
    if let bytes = try arguments.integer("--max-queued", in: counts) { limits.connection.queuedBytes = bytes }
    try set(&limits.connection.handshakeTime, "--handshake-time", arguments)
    try set(&limits.connection.messageTime, "--message-time", arguments)
    try set(&limits.connection.idleTime, "--idle-time", arguments)
    try set(&limits.connection.writeTime, "--write-time", arguments)
    try set(&limits.connection.deadPeerTime, "--dead-peer-time", arguments)
    if let seconds = try arguments.integer("--close-time", in: times) {
      limits.connection.closeTime = .seconds(seconds)
    }
    return limits
  }

  private static let counts = 1...Int(Int32.max)
  private static let times = 1...86_400

  /// Sets `time` to the seconds, or to the `none`, that the option `key` has, if it is given.
  static func set(
    _ time: inout Duration?, _ key: String, _ arguments: Arguments
  ) throws(Failure) {
    if arguments.text(key) == "none" {
      time = nil
    } else if let seconds = try arguments.integer(key, in: times) {
      time = .seconds(seconds)
    }
  }

  static let help = """
      --max-connections N  at a time (50000); --max-per-peer N  from one address (50000)
      --max-frame N        bytes of a frame, besides the framer's own limit (67108864)
      --max-queued N       bytes that may wait for a slow peer (262144)
      --handshake-time S   seconds for the first message (30); or none, as with the next four
      --message-time S     for a message from its first byte (30)
      --idle-time S        without a message (600)
      --write-time S       for a peer to take what waits for it (30)
      --dead-peer-time S   until a peer that is gone without a word is found (120)
      --close-time S       for closing (10)
    """
}
