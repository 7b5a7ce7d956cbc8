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

@Suite("Socket activation")
struct SocketActivationTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let variables: [String: String]
    var sockets: [String] = []
    var variable: String?
    var problem = ""
    var testDescription: String {
      variables.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    }

    init(_ pid: String?, _ fds: String?, _ names: String? = nil, gives sockets: [String]) {
      variables = Self.variables(pid, fds, names)
      self.sockets = sockets
    }

    init(_ pid: String?, _ fds: String?, _ names: String? = nil, wrong variable: String, _ problem: String) {
      variables = Self.variables(pid, fds, names)
      self.variable = variable
      self.problem = problem
    }

    private static func variables(_ pid: String?, _ fds: String?, _ names: String?) -> [String: String] {
      ["LISTEN_PID": pid, "LISTEN_FDS": fds, "LISTEN_FDNAMES": names].compactMapValues { $0 }
    }
  }

  /// Read by process 1234.
  static let rows: [Row] = [
    Row(nil, nil, gives: []),
    Row(nil, "1", gives: []),
    Row("1234", nil, gives: []),
    Row("1234", "1", gives: ["3 unknown"]),
    Row("1234", "3", gives: ["3 unknown", "4 unknown", "5 unknown"]),
    Row("1234", "2", "echo:admin", gives: ["3 echo", "4 admin"]),
    Row("1234", "2", "echo:", gives: ["3 echo", "4 "]),
    Row("1234", "1", "", gives: ["3 "]),
    Row("01234", "01", gives: ["3 unknown"]),
    // Meant for another process, and left behind.
    Row("1235", "1", gives: []),
    Row("1", "x", "a:b:c", gives: []),
    Row("", "1", wrong: "LISTEN_PID", "not the number of a process"),
    Row("0", "1", wrong: "LISTEN_PID", "not the number of a process"),
    Row("-1234", "1", wrong: "LISTEN_PID", "not the number of a process"),
    Row("+1234", "1", wrong: "LISTEN_PID", "not the number of a process"),
    Row("1234 ", "1", wrong: "LISTEN_PID", "not the number of a process"),
    Row("4294968530", "1", wrong: "LISTEN_PID", "not the number of a process"),
    Row("1234", "", wrong: "LISTEN_FDS", "not a number from 1 to 65536"),
    Row("1234", "0", wrong: "LISTEN_FDS", "not a number from 1 to 65536"),
    Row("1234", "-1", wrong: "LISTEN_FDS", "not a number from 1 to 65536"),
    Row("1234", "two", wrong: "LISTEN_FDS", "not a number from 1 to 65536"),
    Row("1234", "65537", wrong: "LISTEN_FDS", "not a number from 1 to 65536"),
    Row("1234", "2147483647", wrong: "LISTEN_FDS", "not a number from 1 to 65536"),
    Row("1234", "99999999999999999999", wrong: "LISTEN_FDS", "not a number from 1 to 65536"),
    Row("1234", "2", "echo", wrong: "LISTEN_FDNAMES", "1 names for 2 sockets, as LISTEN_FDS says"),
    Row("1234", "1", "a:b", wrong: "LISTEN_FDNAMES", "2 names for 1 sockets, as LISTEN_FDS says"),
  ]

  @Test("reads what is handed over to this process, or says which variable is wrong", arguments: rows)
  func reads(row: Row) {
    do throws(EnvironmentError) {
      let sockets = try SocketActivation.sockets(in: row.variables, processID: 1234)
      #expect(sockets.map { "\($0.descriptor) \($0.name)" } == row.sockets)
      #expect(row.variable == nil)
    } catch {
      let value = row.variables[error.variable] ?? ""
      #expect(error.variable == row.variable)
      #expect(error.value == value)
      #expect(error.problem == row.problem)
      #expect(error.description == "\(error.variable)=\"\(value)\": \(row.problem)")
    }
  }

  @Test("takes the variables out of the environment, once")
  func environment() async {
    // In a process of its own: in this one, other threads may read the environment meanwhile.
    await #expect(processExitsWith: .success) {
      setenv("LISTEN_PID", "\(getpid())", 1)
      setenv("LISTEN_FDS", "2", 1)
      setenv("LISTEN_FDNAMES", "echo:admin", 1)
      let sockets = try SocketActivation.inherited()
      #expect(sockets.map(\.descriptor) == [3, 4])
      #expect(sockets.map(\.name) == ["echo", "admin"])
      for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { #expect(getenv(name) == nil) }
      #expect(try SocketActivation.inherited().isEmpty)
    }
  }

  // MARK: Taking over

  /// A descriptor as a service manager leaves it: blocking, and open after `exec`.
  private static func leave(_ descriptor: CInt, from number: CInt) throws -> CInt {
    let copy = try Descriptors.copy(descriptor, from: number)
    _ = fcntl(copy, F_SETFD, 0)
    _ = fcntl(copy, F_SETFL, 0)
    return copy
  }

  @Test(
    "takes a listening socket over, which then does not block and is closed on exec",
    arguments: [SocketAddress.loopback(port: 0), .ipv6(1, port: 0)])
  func takesOver(address: SocketAddress) throws {
    guard let manager = try? Socket.listening(at: address) else { return }  // No IPv6 on this system.
    let kernel = FaultyKernel()
    do {
      let inherited = InheritedSocket(
        descriptor: try Self.leave(manager.descriptor, from: 500), name: "echo")
      let socket = try Socket.takingOver(inherited, system: kernel)
      #expect(socket.descriptor == inherited.descriptor)
      #expect(Descriptors.control(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
      #expect(Descriptors.control(socket.descriptor, F_GETFL) & O_NONBLOCK != 0)
      #expect(try socket.accept() == nil)
      let client = try Socket.connecting(to: manager.localAddress(), system: Kernel.real)
      Poll.wait(socket.descriptor, for: .readable)
      let server = try socket.acceptOne()
      Poll.wait(client.descriptor, for: .writable)
      try client.write("hello")
      Poll.wait(server.descriptor, for: .readable)
      #expect(try server.read() == "hello")
      #expect(kernel.open.contains(inherited.descriptor))
    }
    #expect(kernel.open.isEmpty)
    #expect(kernel.closedTwice.isEmpty)
  }

  @Test("repeats after EINTR, and leaves a socket that cannot be prepared as it was")
  func faults() throws {
    let manager = try Socket.listening(at: .loopback(port: 0))
    let inherited = InheritedSocket(descriptor: try Self.leave(manager.descriptor, from: 510), name: "echo")
    let kernel = FaultyKernel()
    kernel.begin { call, _ in call == .prepare ? .fails(EBADF) : nil }
    #expect(
      throws: SystemError(call: "fcntl", code: EBADF, subject: "descriptor \(inherited.descriptor) (echo)")
    ) {
      _ = try Socket.takingOver(inherited, system: kernel).descriptor
    }
    kernel.begin { call, index in [.getOption, .prepare].contains(call) && index == 0 ? .fails(EINTR) : nil }
    #expect(try Socket.takingOver(inherited, system: kernel).descriptor == inherited.descriptor)
    #expect(kernel.open.isEmpty)
    #expect(kernel.closedTwice.isEmpty)
  }

  @Test("refuses what is no listening socket of streams, by its name, and leaves it open")
  func refuses() throws {
    func error(_ descriptor: CInt) -> SystemError? {
      do throws(SystemError) {
        _ = try Socket.takingOver(InheritedSocket(descriptor: descriptor, name: "web")).descriptor
        return nil
      } catch {
        return error
      }
    }
    let pair = try SocketPair()
    let connected = pair.near.descriptor
    #expect(
      error(connected)
        == SystemError(
          call: "a socket that listens is needed:", code: EINVAL, subject: "descriptor \(connected) (web)"))
    let datagrams = Socket(descriptor: CInt(Kernel.real.datagramSocket().word), system: Kernel.real)
    let descriptor = datagrams.descriptor
    #expect(
      error(descriptor)
        == SystemError(
          call: "a socket of streams is needed:", code: EPROTOTYPE, subject: "descriptor \(descriptor) (web)")
    )
    let file = open("/dev/null", O_RDONLY)
    #expect(error(file)?.code == ENOTSOCK)
    #expect(error(file)?.call == "getsockopt SO_TYPE")
    #expect(csys_is_open(file) != 0)
    close(file)
    #expect(error(1_000_000)?.code == EBADF)
    // Still theirs, and still whole.
    try pair.near.write("a")
    #expect(try pair.far.read() == "a")
    #expect(csys_is_open(descriptor) != 0)
  }
}
