#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import FramingTransport

/// What the application needs of the C library; nothing else here imports it.
enum Platform {
  // MARK: The process

  /// The arguments behind the program's name, as the bytes that were given.
  static func arguments() -> [[UInt8]] {
    (1..<max(1, Int(CommandLine.argc))).map { index in
      guard let word = CommandLine.unsafeArgv[index] else { return [] }
      return UnsafeRawBufferPointer(start: word, count: strlen(word)).map { $0 }
    }
  }

  /// The value of an environment variable; `nil` if it is unset or empty.
  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Ends the process. What was printed goes out.
  static func exit(_ status: ExitStatus) -> Never {
    #if canImport(Glibc)
    Glibc.exit(status.rawValue)
    #elseif canImport(Musl)
    Musl.exit(status.rawValue)
    #elseif canImport(Darwin)
    Darwin.exit(status.rawValue)
    #endif
  }

  /// Ends the process at once, as a signal would have.
  static func exit(bySignal number: CInt) -> Never { _exit(128 + number) }

  /// Allows as many open descriptors as the system lets a process have; each connection is one.
  static func raiseDescriptorLimit() {
    #if canImport(Glibc)
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    let resource = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    // Refused on some systems: then the server says so when it runs out of descriptors.
    _ = setrlimit(resource, &limit)
  }

  /// Removes the name of a Unix socket, which outlives the socket.
  static func removeFile(_ path: String) { _ = unlink(path) }

  // MARK: Signals

  private static var stopSignals: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    return signals
  }

  /// Holds SIGINT and SIGTERM back, in this thread and in those that it starts from now on.
  static func blockStopSignals() {
    var signals = stopSignals
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Waits for SIGINT or SIGTERM, which one is answered.
  static func waitForStopSignal() -> CInt {
    var signals = stopSignals
    var number: CInt = 0
    while sigwait(&signals, &number) != 0 {}
    return number
  }

  // MARK: Standard input and output

  // Streams of our own on the standard descriptors: the library's are variables, which Swift 6 does not let us use.
  // Unsafe: never changed, and the C library locks them itself.
  nonisolated(unsafe) private static let output = lineBuffered(STDOUT_FILENO)
  nonisolated(unsafe) private static let errors = lineBuffered(STDERR_FILENO)
  nonisolated(unsafe) private static let input = fdopen(STDIN_FILENO, "r")

  #if canImport(Musl)
  private typealias Stream = OpaquePointer
  #else
  private typealias Stream = UnsafeMutablePointer<FILE>
  #endif

  /// Each line goes out when it is whole, also into a pipe.
  private static func lineBuffered(_ descriptor: CInt) -> Stream? {
    let stream = fdopen(descriptor, "w")
    if let stream { setvbuf(stream, nil, _IOLBF, 0) }
    return stream
  }

  /// Writes to standard output.
  static func write(_ bytes: [UInt8]) {
    if let output { _ = fwrite(bytes, 1, bytes.count, output) }
  }

  /// Writes to standard error.
  static func writeError(_ bytes: [UInt8]) {
    if let errors { _ = fwrite(bytes, 1, bytes.count, errors) }
  }

  /// Whether everything that was written to standard output has been taken.
  static func flush() -> Bool {
    guard let output else { return false }
    return fflush(output) == 0 && ferror(output) == 0
  }

  /// Whether standard output is a terminal.
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// The next line of standard input without its line feed; `nil` at the end. Waits for it.
  static func readLine() throws(Failure) -> [UInt8]? {
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    guard let input else { throw Failure(.inputOutput, "there is no standard input") }
    let count = getline(&line, &capacity, input)
    let code = errno
    guard count >= 0, let line else {
      guard ferror(input) == 0 else {
        throw Failure(.inputOutput, "standard input cannot be read: \(String(cString: strerror(code)))")
      }
      return nil
    }
    let bytes = UnsafeRawBufferPointer(start: line, count: count)
    return [UInt8](bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...])
  }
}

extension SystemError {
  /// Nobody listens there.
  var isRefused: Bool { code == ECONNREFUSED }
  /// There is no such path of a Unix socket.
  var isNoSuchPath: Bool { code == ENOENT }
  /// Somebody else listens there.
  var isInUse: Bool { code == EADDRINUSE }
  /// Only privileged programs may listen there.
  var isForbidden: Bool { code == EACCES || code == EPERM }
  /// The address belongs to another machine.
  var isElsewhere: Bool { code == EADDRNOTAVAIL }
}
