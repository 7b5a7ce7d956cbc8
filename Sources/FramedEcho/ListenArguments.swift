import FramingTransport
import ToolSupport

/// The options of `serve` that say how it listens; each is a field of ``ListenOptions``.
enum ListenArguments {
  static let names = ["--backlog", "--send-buffer", "--receive-buffer"]
  static let flags = ["--reuse-port", "--dual-stack"]

  /// The options with what is given; all others as the library has them.
  static func options(_ arguments: Arguments) throws(Failure) -> ListenOptions {
    var options = ListenOptions()
    if let backlog = try arguments.integer("--backlog", in: 0...65_535) { options.backlog = backlog }
    options.reusePort = arguments.has("--reuse-port")
    options.dualStack = arguments.has("--dual-stack")
    options.accepted.sendBuffer = try arguments.integer("--send-buffer", in: 1...Int(Int32.max))
    options.accepted.receiveBuffer = try arguments.integer("--receive-buffer", in: 1...Int(Int32.max))
    return options
  }

  static let help = """
      --backlog N          connections that may wait to be accepted (1024)
      --dual-stack         an IPv6 --host serves IPv4, too
      --reuse-port         several processes may share the port (SO_REUSEPORT)
      --send-buffer N      bytes that the system may hold for each connection, sent and not
                           acknowledged; --receive-buffer N  come and not read (the system's choice)
    """
}
