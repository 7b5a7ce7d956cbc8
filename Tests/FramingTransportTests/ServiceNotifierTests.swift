import CSystemShims
import FramingTransport
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A service manager: a socket of datagrams in a directory of its own.
private final class Manager {
  let path: String
  private let directory: String
  private let socket: Socket

  init(abstract: Bool = false) throws {
    var template = Array("/tmp/framing-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", code: errno) }
    directory = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    let path = (abstract ? "@" : "") + directory + "/notify"
    let socket = Socket(descriptor: CInt(Kernel.real.datagramSocket().word), system: Kernel.real)
    _ = try attempt("bind") { Kernel.real.bind(socket.descriptor, to: .unix(path: path)) }
    self.path = path
    self.socket = socket
  }

  deinit {
    unlink(path)
    rmdir(directory)
  }

  /// The datagram that waits; `nil` if none does.
  func received() throws -> String? { try socket.read(8192) }
}

@Suite("A service notifier")
struct ServiceNotifierTests {
  private func notifier(
    _ manager: Manager, _ more: [String: String] = [:], _ system: any SystemCalls = Kernel.real
  ) throws -> ServiceNotifier {
    let variables = ["NOTIFY_SOCKET": manager.path].merging(more) { $1 }
    return try #require(try ServiceNotifier(variables: variables, system: system))
  }

  #if os(Linux)
  static let kinds = [false, true]
  #else
  static let kinds = [false]
  #endif

  @Test("sends each state as a line, several in one datagram", arguments: kinds)
  func sends(abstract: Bool) throws {
    let manager = try Manager(abstract: abstract)
    let notifier = try notifier(manager)
    #expect(notifier.notify(.ready) == nil)
    #expect(try manager.received() == "READY=1")
    notifier.notify(.ready, .status("listening at 127.0.0.1:7777"))
    #expect(try manager.received() == "READY=1\nSTATUS=listening at 127.0.0.1:7777")
    notifier.notify(.watchdog)
    notifier.notify(.stopping)
    #expect(try manager.received() == "WATCHDOG=1")
    #expect(try manager.received() == "STOPPING=1")
    #expect(try manager.received() == nil)
  }

  @Test("says when it began to reload, by the clock of the system")
  func reloading() throws {
    let manager = try Manager()
    let before = Kernel.real.now() / 1000
    try notifier(manager).notify(.reloading)
    let after = Kernel.real.now() / 1000
    let text = try #require(try manager.received())
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count == 2)
    #expect(lines.first == "RELOADING=1")
    let time = try #require(lines.last?.split(separator: "=").last.flatMap { Int64($0) })
    #expect(lines.last == "MONOTONIC_USEC=\(time)")
    #expect(before...after ~= time)
  }

  @Test("lets no status begin a line of its own")
  func statusOfManyLines() throws {
    let manager = try Manager()
    try notifier(manager).notify(.status("a\nSTOPPING=1\r\nb\0c\u{7F}ä"))
    #expect(try manager.received() == "STATUS=a STOPPING=1  b c ä")
    try notifier(manager).notify(.status(""))
    #expect(try manager.received() == "STATUS=")
  }

  @Test("answers why a notification was lost, and does not wait")
  func losses() throws {
    let subject: String
    let gone: ServiceNotifier
    do {
      let manager = try Manager()
      subject = "unix:\(manager.path)"
      gone = try notifier(manager)
      let full = "STATUS=".utf8.count
      #expect(gone.notify(.status(String(repeating: "s", count: 4096 - full))) == nil)
      #expect(try manager.received()?.utf8.count == 4096)
      #expect(
        gone.notify(.status(String(repeating: "s", count: 4097 - full)))
          == SystemError(call: "sendto", code: EMSGSIZE, subject: subject))
      #expect(try manager.received() == nil)
      // Nobody reads: some time the kernel takes no more.
      var lost: SystemError?
      for _ in 0..<100_000 where lost == nil { lost = gone.notify(.watchdog) }
      #expect(lost?.call == "sendto")
      #expect(lost.map { [EAGAIN, ENOBUFS].contains($0.code) } == true)
      while try manager.received() != nil {}
      #expect(gone.notify(.ready) == nil)
    }
    #expect(gone.notify(.ready) == SystemError(call: "sendto", code: ENOENT, subject: subject))
  }

  @Test("needs no further descriptor, repeats after EINTR, and closes its socket once")
  func faults() throws {
    let manager = try Manager()
    let kernel = FaultyKernel()
    do {
      let notifier = try notifier(manager, [:], kernel)
      #expect(kernel.open.count == 1)
      kernel.begin { call, index in
        call == .socket ? .fails(EMFILE) : call == .send && index < 2 ? .fails(EINTR) : nil
      }
      #expect(notifier.notify(.watchdog) == nil)
      #expect(try manager.received() == "WATCHDOG=1")
      #expect(kernel.counts[.send] == 3)
    }
    #expect(kernel.open.isEmpty)
    let notifier = try notifier(manager, [:], kernel)
    #expect(
      notifier.notify(.ready)
        == SystemError(call: "socket", code: EMFILE, subject: "unix:\(manager.path)"))
    #expect(kernel.closedTwice.isEmpty)
  }

  @Test("is none if nobody wants to hear")
  func nobody() throws {
    #expect(try ServiceNotifier(variables: [:], system: Kernel.real) == nil)
    #expect(try ServiceNotifier(variables: ["NOTIFY_SOCKET": ""], system: Kernel.real) == nil)
    #expect(try ServiceNotifier(variables: ["WATCHDOG_USEC": "1"], system: Kernel.real) == nil)
  }

  @Test("takes the variables out of the environment, once")
  func environment() async {
    // In a process of its own: in this one, other threads may read the environment meanwhile.
    await #expect(processExitsWith: .success) {
      setenv("NOTIFY_SOCKET", "/nowhere", 1)
      setenv("WATCHDOG_USEC", "3000000", 1)
      setenv("WATCHDOG_PID", "\(getpid())", 1)
      let notifier = try ServiceNotifier.inherited()
      #expect(notifier?.watchdogInterval == .milliseconds(1500))
      #expect(notifier?.notify(.ready)?.code == ENOENT)
      for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { #expect(getenv(name) == nil) }
      #expect(try ServiceNotifier.inherited() == nil)
    }
  }

  @Test(
    "refuses a socket that is none, by the name of the variable",
    arguments: [
      "notify", "@", "vsock:2:1234", " /run", "/" + String(repeating: "p", count: Int(CSYS_PATH_MAX)),
    ])
  func refusesSocket(path: String) {
    let error = #expect(throws: EnvironmentError.self) {
      _ = try ServiceNotifier(variables: ["NOTIFY_SOCKET": path], system: Kernel.real)
    }
    #expect(error?.variable == "NOTIFY_SOCKET")
    #expect(error?.value == path)
  }

  // MARK: Watchdog

  private static let me = "\(Kernel.real.processID())"

  @Test(
    "has half of the watchdog's time as its interval",
    arguments: [
      (nil, nil, nil),
      ("3000000", nil, .milliseconds(1500)),
      ("3000000", me, .milliseconds(1500)),
      ("1", nil, .nanoseconds(500)),
      ("18446744073709551614", nil, .microseconds(9_223_372_036_854_775_807)),
      ("3000000", "1", nil),
      ("x", "1", nil),
    ] as [(String?, String?, Duration?)])
  func watchdog(time: String?, pid: String?, interval: Duration?) throws {
    let variables = ["WATCHDOG_USEC": time, "WATCHDOG_PID": pid].compactMapValues { $0 }
    #expect(try notifier(try Manager(), variables).watchdogInterval == interval)
  }

  @Test(
    "says which variable of the watchdog is wrong",
    arguments: [
      ("0", me, "WATCHDOG_USEC"), ("", me, "WATCHDOG_USEC"), ("-1", me, "WATCHDOG_USEC"),
      ("1.5", me, "WATCHDOG_USEC"), ("18446744073709551615", me, "WATCHDOG_USEC"),
      ("99999999999999999999", me, "WATCHDOG_USEC"), ("1", "0", "WATCHDOG_PID"), ("1", "", "WATCHDOG_PID"),
      ("1", "me", "WATCHDOG_PID"),
    ])
  func wrongWatchdog(time: String, pid: String, variable: String) throws {
    let manager = try Manager()
    let error = #expect(throws: EnvironmentError.self) {
      _ = try notifier(manager, ["WATCHDOG_USEC": time, "WATCHDOG_PID": pid])
    }
    #expect(error?.variable == variable)
    #expect(error?.value == (variable == "WATCHDOG_USEC" ? time : pid))
  }
}
