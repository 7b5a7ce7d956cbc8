import FramingTransport
import ToolSupport

/// The options of `serve` that say what peers may do; each is a field of ``ServerLimits``.
enum LimitOptions {
  static let options = [
    Option("--max-connections", .number, "connections at a time (50000)"),
    Option("--max-per-peer", .number, "connections from one address (50000)"),
    Option("--max-frame", .number, "bytes of a frame, besides the framer's own limit (67108864)"),
    Option("--max-queued", .number, "bytes that may wait for a slow peer (262144)"),
    Option(
      "--handshake-time", .seconds, "seconds for the first message (30), or none, as with the next four"),
    Option("--message-time", .seconds, "for a message from its first byte (30)"),
    Option("--idle-time", .seconds, "without a message (600)"),
    Option("--write-time", .seconds, "for a peer to take what waits for it (30)"),
    Option("--dead-peer-time", .seconds, "until a peer that is gone without a word is found (120)"),
    Option("--close-time", .seconds, "for closing (10)"),
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
}
