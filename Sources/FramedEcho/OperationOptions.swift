import FramingTransport
import ToolSupport

/// The options of `serve` for those who run it: how it stops, who asks how it is, and what it tells.
struct OperationOptions {
  static let options = [
    Option("--drain-delay", .seconds, "seconds to go on accepting after the first signal (0)"),
    Option(
      "--drain-time", .seconds,
      "seconds until what is not finished then is cut (25); a second signal cuts at once, a third ends the process"
    ),
    Option("--health-port", Value("P"), "where to say, in one line, starting, ready or draining"),
    Option(
      "--log-level", .choice("LEVEL", LogLevel.allCases.map(\.rawValue)),
      "debug, info, notice, warning, error or none, on standard error (info)"),
    Option("--report", .seconds, "print the counters every S seconds and at the end, on standard error"),
  ]

  /// How it stops at the first signal.
  let drain: Drain
  /// Where it says how it is; `nil` for nowhere.
  let healthPort: UInt16?
  /// What it tells of on standard error; `nil` for nothing.
  let logLevel: ServerEvent.Level?
  /// After how long it prints its counters, again and again; `nil` for never.
  let reportInterval: Duration?

  private enum LogLevel: String, CaseIterable { case debug, info, notice, warning, error, none }

  init(_ arguments: Arguments) throws(Failure) {
    let delay = try arguments.integer("--drain-delay", in: 0...86_400) ?? 0
    let time = try arguments.integer("--drain-time", in: 0...86_400) ?? 25
    guard delay <= time else {
      throw Failure(.usage, "--drain-delay \(delay) is part of --drain-time, which is \(time)")
    }
    drain = Drain(acceptTime: .seconds(delay), time: .seconds(time))
    healthPort = try arguments.integer("--health-port", in: 0...65_535).map { UInt16($0) }
    logLevel =
      switch try arguments.choice("--log-level", of: LogLevel.allCases) ?? .info {
      case .debug: .debug
      case .info: .info
      case .notice: .notice
      case .warning: .warning
      case .error: .error
      case .none: nil
      }
    reportInterval = try arguments.integer("--report", in: 1...86_400).map { .seconds($0) }
  }

  /// Tells of an event on standard error, if it matters enough.
  func log(_ event: ServerEvent) {
    // The first line on standard output says it.
    if case .entered(.ready, _) = event { return }
    if let logLevel, event.level >= logLevel { Terminal.log("\(event)") }
  }
}
