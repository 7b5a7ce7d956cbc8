/// A socket that the service manager opened for this process.
public struct InheritedSocket: Hashable, Sendable {
  /// Its number in this process.
  public let descriptor: CInt
  /// What the service manager calls it (`FileDescriptorName=`), "unknown" if it does not say.
  public let name: String

  /// The socket that was handed over as `descriptor`, by whatever means.
  public init(descriptor: CInt, name: String) {
    self.descriptor = descriptor
    self.name = name
  }
}

/// Sockets that a service manager opened before it started this process, as systemd does for a unit of sockets.
///
///     LISTEN_PID=1234  LISTEN_FDS=2  LISTEN_FDNAMES=echo:admin
///
/// says to process 1234, and to no other, that descriptors 3 and 4 are sockets with the names "echo" and "admin".
/// No connection is lost while the service starts or restarts: the sockets stay open, and connections wait.
///
/// ``Socket/takingOver(_:options:)`` makes a listening socket of each.
///
/// Source: sd_listen_fds(3), systemd.socket(5).
public enum SocketActivation {
  /// The first descriptor that is handed over (`SD_LISTEN_FDS_START`).
  static let firstDescriptor: CInt = 3
  /// The most descriptors to believe in.
  static let limit: CInt = 65_536

  /// The sockets that were handed over to this process; empty if there are none, and when asked again.
  ///
  /// Takes the three variables out of the environment, so that child processes do not find them.
  ///
  /// - Warning: To be called at the start, before other threads use the environment.
  /// - Throws: ``EnvironmentError``, which names the variable that is wrong.
  public static func inherited() throws(EnvironmentError) -> [InheritedSocket] {
    try sockets(
      in: Environment.take(["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]),
      processID: Kernel.real.processID())
  }

  /// The sockets that `variables` hand over to the process `processID`.
  ///
  /// Empty without `LISTEN_PID` or `LISTEN_FDS`, and if `LISTEN_PID` is another process: the variables were meant for
  /// one that started this one and left them behind.
  ///
  /// - Throws: ``EnvironmentError``, which names the variable that is wrong.
  public static func sockets(
    in variables: [String: String], processID: CInt
  ) throws(EnvironmentError) -> [InheritedSocket] {
    guard let pid = variables["LISTEN_PID"] else { return [] }
    guard let addressee: CInt = Environment.number(pid), addressee > 0 else {
      throw EnvironmentError(variable: "LISTEN_PID", value: pid, problem: "not the number of a process")
    }
    guard addressee == processID, let fds = variables["LISTEN_FDS"] else { return [] }
    guard let count: CInt = Environment.number(fds), 1...limit ~= count else {
      throw EnvironmentError(variable: "LISTEN_FDS", value: fds, problem: "not a number from 1 to \(limit)")
    }
    var names = [String](repeating: "unknown", count: Int(count))
    if let text = variables["LISTEN_FDNAMES"] {
      names = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard names.count == count else {
        throw EnvironmentError(
          variable: "LISTEN_FDNAMES", value: text,
          problem: "\(names.count) names for \(count) sockets, as LISTEN_FDS says")
      }
    }
    return zip(firstDescriptor..., names).map { InheritedSocket(descriptor: $0, name: $1) }
  }
}
