import FramingTransport
import ToolSupport

/// The options of `serve` that say how it listens; each is a field of ``ListenOptions``.
enum ListenArguments {
  static let options = [
    Option("--backlog", .number, "connections that may wait to be accepted (1024)"),
    Option("--dual-stack", nil, "an IPv6 --host serves IPv4, too"),
    Option("--reuse-port", nil, "several processes may share the port (SO_REUSEPORT)"),
    Option("--send-buffer", .number, "bytes sent and not acknowledged that the system may hold (its choice)"),
    Option("--receive-buffer", .number, "bytes come and not read that the system may hold (its choice)"),
  ]

  /// The options with what is given; all others as the library has them.
  static func listenOptions(_ arguments: Arguments) throws(Failure) -> ListenOptions {
    var options = ListenOptions()
    if let backlog = try arguments.integer("--backlog", in: 0...65_535) { options.backlog = backlog }
    options.reusePort = arguments.has("--reuse-port")
    options.dualStack = arguments.has("--dual-stack")
    options.accepted.sendBuffer = try arguments.integer("--send-buffer", in: 1...Int(Int32.max))
    options.accepted.receiveBuffer = try arguments.integer("--receive-buffer", in: 1...Int(Int32.max))
    return options
  }
}
