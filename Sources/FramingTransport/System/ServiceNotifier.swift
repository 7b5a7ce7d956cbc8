import CSystemShims

/// Tells the service manager how this service is, as systemd wants it of `Type=notify`.
///
/// Each notification is one datagram of lines to the Unix socket that `NOTIFY_SOCKET` names, where `@` begins an
/// abstract name:
///
///     READY=1
///     STATUS=listening at 127.0.0.1:7777
///
/// Notifying does not wait and does not throw: a service does not fail because nobody hears it. What was lost is the
/// answer. Its socket stays open, so that it can notify when the process has no free descriptor, too. From any thread.
///
/// Source: sd_notify(3), sd_watchdog_enabled(3).
public final class ServiceNotifier: Sendable {
  /// How the service is.
  public enum State: Hashable, Sendable {
    /// It serves, for the first time or again after reloading: `READY=1`.
    case ready
    /// It has begun to end: `STOPPING=1`.
    case stopping
    /// It reads its configuration again; ``ready`` has to follow: `RELOADING=1` and, on the line below,
    /// `MONOTONIC_USEC=` with the time.
    case reloading
    /// A line for people: `STATUS=` with the text, in which spaces take the place of control characters.
    case status(String)
    /// It lives: `WATCHDOG=1`, due every ``ServiceNotifier/watchdogInterval``.
    case watchdog
  }

  /// How often to notify ``State/watchdog``: half of the time after which the service manager takes the service for
  /// dead; `nil` if it does not watch.
  public let watchdogInterval: Duration?

  private let address: SocketAddress
  private let system: any SystemCalls
  /// The socket to send from, or why there is none.
  private let descriptor: CallResult

  /// The longest datagram that systemd reads, in bytes (`NOTIFY_BUFFER_MAX`).
  static let limit = 4096

  /// The notifier that the environment asks for; `nil` if it asks for none, and when asked again.
  ///
  /// Takes `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` out of the environment, so that child processes do not
  /// speak for this one.
  ///
  /// - Warning: To be called at the start, before other threads use the environment.
  /// - Throws: ``EnvironmentError``, which names the variable that is wrong.
  public static func inherited() throws(EnvironmentError) -> ServiceNotifier? {
    let variables = Environment.take(["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
    return try ServiceNotifier(variables: variables, system: Kernel.real)
  }

  /// The notifier that `variables` ask for; `nil` without `NOTIFY_SOCKET`, or if it is empty.
  package init?(variables: [String: String], system: any SystemCalls) throws(EnvironmentError) {
    guard let path = variables["NOTIFY_SOCKET"], !path.isEmpty else { return nil }
    guard path.hasPrefix("/") || (path.hasPrefix("@") && path != "@"), path.utf8.count < CSYS_PATH_MAX else {
      throw EnvironmentError(
        variable: "NOTIFY_SOCKET", value: path,
        problem: "not the path of a Unix socket, nor an abstract name, of at most \(CSYS_PATH_MAX - 1) bytes")
    }
    watchdogInterval = try Self.watchdogInterval(in: variables, processID: system.processID())
    address = .unix(path: path)
    self.system = system
    descriptor = system.datagramSocket()
  }

  deinit {
    if descriptor.errorCode == nil { system.close(CInt(descriptor.word)) }
  }

  /// Half of the time that `WATCHDOG_USEC` says, if that is meant for the process `processID`; `nil` if there is no
  /// watchdog for it.
  static func watchdogInterval(
    in variables: [String: String], processID: CInt
  ) throws(EnvironmentError) -> Duration? {
    guard let text = variables["WATCHDOG_USEC"] else { return nil }
    if let pid = variables["WATCHDOG_PID"] {
      guard let addressee: CInt = Environment.number(pid), addressee > 0 else {
        throw EnvironmentError(variable: "WATCHDOG_PID", value: pid, problem: "not the number of a process")
      }
      guard addressee == processID else { return nil }
    }
    // The largest number is systemd's infinity, and no interval.
    guard let microseconds: UInt64 = Environment.number(text), 1..<UInt64.max ~= microseconds else {
      throw EnvironmentError(
        variable: "WATCHDOG_USEC", value: text, problem: "not a number of microseconds, of at least 1")
    }
    return .microseconds(microseconds) / 2
  }

  /// Sends `states` in one datagram, in their order.
  ///
  /// - Returns: Why the notification was lost, as `ENOENT` without a service manager, `EAGAIN` if it does not keep up, or
  ///   `EMSGSIZE` for more than the 4096 bytes that systemd reads; `nil` if it was handed to the kernel.
  @discardableResult
  public func notify(_ states: State...) -> SystemError? {
    let bytes = Array(states.map { $0.text(now: system.now()) }.joined(separator: "\n").utf8)
    guard bytes.count <= Self.limit else { return failure(EMSGSIZE) }
    if let code = descriptor.errorCode {
      return SystemError(call: "socket", code: code, subject: address.description)
    }
    do throws(SystemError) {
      let sent = try attempt("sendto", on: address.description) {
        bytes.withUnsafeBytes { system.send(CInt(descriptor.word), $0, to: address) }
      }
      return sent == nil ? failure(EAGAIN) : nil
    } catch {
      return error
    }
  }

  /// Notifies ``State/watchdog`` from the thread of `loop`, at once and then in time, for as long as the process lives: a
  /// loop that is stuck is found. Does nothing if the service manager does not watch.
  public func beat(on loop: EventLoop) {
    guard let interval = watchdogInterval else { return }
    loop.execute { [self] in
      notify(.watchdog)
      _ = loop.schedule(after: interval) { [self] in beat(on: loop) }
    }
  }

  private func failure(_ code: CInt) -> SystemError {
    SystemError(call: "sendto", code: code, subject: address.description)
  }
}

extension ServiceNotifier.State {
  /// The lines of the state at `now`, in nanoseconds of `CLOCK_MONOTONIC`.
  func text(now: Int64) -> String {
    switch self {
    case .ready: "READY=1"
    case .stopping: "STOPPING=1"
    case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(now / 1000)"
    // A line break would begin an assignment of its own.
    case .status(let text):
      "STATUS="
        + String(
          String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 })
        )
    case .watchdog: "WATCHDOG=1"
    }
  }
}
