// What differs between the C libraries; the rest of this file is the same with each.
#if canImport(Darwin)
import Darwin
private typealias Stream = UnsafeMutablePointer<FILE>
private var descriptorLimit: CInt { RLIMIT_NOFILE }
private func endProcess(_ status: CInt) -> Never { Darwin.exit(status) }
#elseif canImport(Musl)
import Musl
private typealias Stream = OpaquePointer
private var descriptorLimit: CInt { RLIMIT_NOFILE }
private func endProcess(_ status: CInt) -> Never { Musl.exit(status) }
#else
import Glibc
private typealias Stream = UnsafeMutablePointer<FILE>
private var descriptorLimit: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
private func endProcess(_ status: CInt) -> Never { Glibc.exit(status) }
#endif

/// What the executables need of the C library; nothing else in them imports it.
package enum Platform {
  // MARK: The process

  /// The arguments behind the program's name, as the bytes that were given.
  package static func arguments() -> [[UInt8]] {
    (1..<max(1, Int(CommandLine.argc))).map { index in
      guard let word = CommandLine.unsafeArgv[index] else { return [] }
      return UnsafeRawBufferPointer(start: word, count: strlen(word)).map { $0 }
    }
  }

  /// The value of an environment variable; `nil` if it is unset or empty.
  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Ends the process. What was printed goes out.
  package static func exit(_ status: ExitStatus) -> Never { endProcess(status.rawValue) }

  /// Ends the process at once, as a signal would have.
  package static func exit(bySignal number: CInt) -> Never { _exit(128 + number) }

  /// Lets the process end without a word when nobody reads its output any more, whatever it was started with.
  package static func endWithReader() { _ = signal(SIGPIPE, SIG_DFL) }

  /// Allows as many open descriptors as the system lets a process have; each connection is one. Answers how many.
  @discardableResult
  package static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(descriptorLimit, &limit) == 0 else { return .max }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    // Refused on some systems: then the server says so when it runs out of descriptors.
    let isRaised = setrlimit(descriptorLimit, &limit) == 0
    return Int(clamping: isRaised ? limit.rlim_cur : before)
  }

  // MARK: Signals

  private static var stopSignals: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    return signals
  }

  /// Holds SIGINT and SIGTERM back, in this thread and in those that it starts from now on.
  package static func blockStopSignals() {
    var signals = stopSignals
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Waits for SIGINT or SIGTERM, which one is answered.
  package static func waitForStopSignal() -> CInt {
    var signals = stopSignals
    var number: CInt = 0
    while sigwait(&signals, &number) != 0 {}
    return number
  }

  // MARK: Memory

  /// Whether both are the same bytes (`memcmp`).
  package static func isEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count, left.count > 0 else { return left.count == right.count }
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        memcmp(left.baseAddress.unsafelyUnwrapped, right.baseAddress.unsafelyUnwrapped, left.count) == 0
      }
    }
  }

  // MARK: Files

  // No signal has a handler in these programs, so no call is interrupted.

  /// Standard input and standard output, as descriptors.
  package static let inputDescriptor = STDIN_FILENO, outputDescriptor = STDOUT_FILENO

  /// Opens a file to be read, and answers its descriptor.
  package static func openFile(_ path: [UInt8]) throws(ErrorNumber) -> CInt {
    let descriptor = open(characters(path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ErrorNumber(code: errno) }
    return descriptor
  }

  /// Closes a file that was only read: nothing can go wrong that matters.
  package static func closeFile(_ descriptor: CInt) { _ = close(descriptor) }

  /// Reads what is there, and waits only if there is nothing; 0 at the end.
  package static func readBytes(
    of descriptor: CInt, into room: UnsafeMutableRawBufferPointer
  ) throws(ErrorNumber) -> Int {
    let count = read(descriptor, room.baseAddress, room.count)
    guard count >= 0 else { throw ErrorNumber(code: errno) }
    return count
  }

  /// How many bytes a file has; `nil` of what is none, as a pipe.
  package static func size(of descriptor: CInt) -> UInt64? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return UInt64(status.st_size)
  }

  /// Writes all of `bytes`.
  package static func writeBytes(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) throws(ErrorNumber) {
    var written = 0
    while written < bytes.count {
      let count = write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      guard count >= 0 else { throw ErrorNumber(code: errno) }
      written += count
    }
  }

  /// Whether a path names a folder: with `following`, also by a symbolic link.
  package static func isFolder(_ path: [UInt8], following: Bool) throws(ErrorNumber) -> Bool {
    var status = stat()
    let result = following ? stat(characters(path), &status) : lstat(characters(path), &status)
    guard result == 0 else { throw ErrorNumber(code: errno) }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, in any order, without `.` and `..`.
  package static func names(inFolder path: [UInt8]) throws(ErrorNumber) -> [[UInt8]] {
    guard let folder = opendir(characters(path)) else { throw ErrorNumber(code: errno) }
    defer { closedir(folder) }
    var names: [[UInt8]] = []
    errno = 0
    while let entry = readdir(folder) {
      // By its address: an entry is as long as its name, not as its type.
      let place = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
      let length = strlen(place.assumingMemoryBound(to: CChar.self))
      let name = [UInt8](UnsafeRawBufferPointer(start: place, count: length))
      if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
      errno = 0
    }
    if errno != 0 { throw ErrorNumber(code: errno) }
    return names
  }

  private static func characters(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }

  // MARK: Standard input and output

  // Streams of our own on the standard descriptors: the library's are variables, which Swift 6 does not let us use.
  // Unsafe: never changed, and the C library locks them itself.
  nonisolated(unsafe) private static let output = lineBuffered(STDOUT_FILENO)
  nonisolated(unsafe) private static let errors = lineBuffered(STDERR_FILENO)

  /// Each line goes out when it is whole, also into a pipe.
  private static func lineBuffered(_ descriptor: CInt) -> Stream? {
    let stream = fdopen(descriptor, "w")
    if let stream { setvbuf(stream, nil, _IOLBF, 0) }
    return stream
  }

  /// Writes to standard output.
  package static func print(_ bytes: [UInt8]) {
    if let output { _ = fwrite(bytes, 1, bytes.count, output) }
  }

  /// Writes to standard error.
  package static func printError(_ bytes: [UInt8]) {
    if let errors { _ = fwrite(bytes, 1, bytes.count, errors) }
  }

  /// Whether everything that was written to standard output has been taken.
  package static func flush() -> Bool {
    guard let output else { return false }
    return fflush(output) == 0 && ferror(output) == 0
  }

  /// Lets what was written to standard error be seen, also without the end of a line.
  package static func flushErrors() {
    if let errors { _ = fflush(errors) }
  }

  /// Whether standard output is a terminal.
  package static var outputIsTerminal: Bool { isTerminal(STDOUT_FILENO) }

  /// Whether standard error is a terminal.
  package static var errorsAreTerminal: Bool { isTerminal(STDERR_FILENO) }

  /// Whether a descriptor is a terminal (`isatty`).
  package static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }
}

/// An error number of the C library.
package struct ErrorNumber: Error, Hashable, CustomStringConvertible {
  package let code: CInt

  package init(code: CInt) { self.code = code }

  package static let accessDenied = ErrorNumber(code: EACCES)
  package static let addressInUse = ErrorNumber(code: EADDRINUSE)
  package static let addressNotAvailable = ErrorNumber(code: EADDRNOTAVAIL)
  package static let connectionRefused = ErrorNumber(code: ECONNREFUSED)
  package static let noEntry = ErrorNumber(code: ENOENT)
  package static let notPermitted = ErrorNumber(code: EPERM)

  /// What the C library says of it: `No such file or directory`.
  package var description: String { String(cString: strerror(code)) }
}
