import Foundation
import Framing
import FramingTransport
import Testing

@Suite("The path of a Unix socket", .timeLimit(.minutes(5)))
struct UnixPathTests {
  private let folder: TemporaryFolder
  private var address: SocketAddress { .unix(path: folder.path("s")) }

  init() throws { folder = try TemporaryFolder() }

  /// What is at the path; `nil` if nothing is.
  private var file: FileStatus? {
    var file = FileStatus()
    return Kernel.real.status(of: folder.path("s"), into: &file).errorCode == nil ? file : nil
  }

  /// Binds the path, and leaves it behind as a server that was killed does.
  private func die(listening: Bool = true) throws {
    let system = Kernel.real
    let descriptor = CInt(system.socket(family: .unix).word)
    #expect(system.bind(descriptor, to: address).word == 0)
    if listening { #expect(system.listen(descriptor, backlog: 1).word == 0) }
    system.close(descriptor)
  }

  private func failure(_ options: ListenOptions = ListenOptions()) -> SystemError? {
    #expect(throws: SystemError.self) { _ = try Socket.listening(at: address, options: options).descriptor }
  }

  @Test("goes with the socket that has made it")
  func goes() throws {
    do {
      let socket = try Socket.listening(at: address)
      #expect(try folder.names() == ["s"])
      #expect(try socket.localAddress() == address)
    }
    #expect(try folder.names() == [])
  }

  @Test("goes with a server, before `run` returns", arguments: Way.all)
  func goesWithServer(way: Way) async throws {
    let server = try FramedServer(
      at: address, framer: LengthPrefixedFramer(), on: EventLoop(selector: way.selector))
    async let serving: Void = server.echo(way.style)
    let client = try await server.connect()
    try await client.send([1])
    #expect(try await client.receive() == [1])
    try await client.close()
    server.shutdown()
    try await serving
    #expect(try folder.names() == [])
  }

  @Test("of a server that was killed is taken over", arguments: [true, false])
  func dead(listening: Bool) throws {
    try die(listening: listening)
    #expect(file?.isSocket == true)
    let listener = try Socket.listening(at: address)
    let client = try Socket.connecting(to: address, system: Kernel.real)
    let server = try listener.acceptOne()
    try client.write("a")
    #expect(try server.read() == "a")
  }

  @Test("of a live server stays its own, also when its queue is full", arguments: [0, 8])
  func live(backlog: Int) throws {
    var options = ListenOptions()
    options.backlog = backlog
    let listener = try Socket.listening(at: address, options: options)
    let client = try Socket.connecting(to: address, system: Kernel.real)
    let before = file
    #expect(failure()?.code == EADDRINUSE)
    #expect(file == before)
    let server = try listener.acceptOne()
    try client.write("a")
    #expect(try server.read() == "a")
  }

  @Test("is an error if it is there already, dead or alive, where that is asked for")
  func refused() throws {
    var options = ListenOptions()
    options.existingPath = .refused
    try die()
    let before = file
    #expect(failure(options) == SystemError(call: "bind", code: EADDRINUSE, subject: "\(address)"))
    #expect(file == before)
  }

  enum Occupant: CaseIterable {
    case file, folder, linkToFile, linkToDeadSocket, datagrams
  }

  @Test("that is no socket of streams is never removed", arguments: Occupant.allCases)
  func occupied(by occupant: Occupant) throws {
    let path = folder.path("s")
    let manager = FileManager.default
    switch occupant {
    case .file: try Data("text".utf8).write(to: URL(fileURLWithPath: path))
    case .folder: try manager.createDirectory(atPath: path, withIntermediateDirectories: false)
    case .linkToFile:
      try Data("text".utf8).write(to: URL(fileURLWithPath: folder.path("file")))
      try manager.createSymbolicLink(atPath: path, withDestinationPath: "file")
    case .linkToDeadSocket:
      try die()
      try manager.moveItem(atPath: path, toPath: folder.path("dead"))
      try manager.createSymbolicLink(atPath: path, withDestinationPath: "dead")
    case .datagrams: break
    }
    let datagrams = CInt(Kernel.real.datagramSocket().word)
    defer { Kernel.real.close(datagrams) }
    if occupant == .datagrams { #expect(Kernel.real.bind(datagrams, to: address).word == 0) }
    let (names, before) = (try folder.names(), file)
    #expect(failure()?.code == (occupant == .datagrams ? EADDRINUSE : ENOTSOCK))
    #expect(try folder.names() == names)
    #expect(file == before)
  }

  @Test("that somebody else was given meanwhile stays theirs")
  func replaced() throws {
    do {
      let first = try Socket.listening(at: address)
      try FileManager.default.removeItem(atPath: folder.path("s"))
      try die()
      #expect(first.descriptor >= 0)
    }
    #expect(file?.isSocket == true)
  }

  @Test("stays, and no descriptor does, when a call fails", arguments: [1, 0])
  func failing(index: Int) throws {
    let kernel = FaultyKernel()
    try die()
    // The first `unlink` removes the dead path; the second would be that of the socket's end.
    kernel.begin { call, count in call == .unlink && count == index ? .fails(EACCES) : nil }
    if index == 0 {
      #expect(throws: SystemError(call: "unlink", code: EACCES, subject: folder.path("s"))) {
        _ = try Socket.listening(at: address, options: ListenOptions(), system: kernel).descriptor
      }
    } else {
      _ = try Socket.listening(at: address, options: ListenOptions(), system: kernel).descriptor
    }
    #expect(file?.isSocket == true)
    #expect(kernel.open.isEmpty)
  }

  #if os(Linux)
  @Test("is none for an abstract name, which nobody can leave behind")
  func abstract() throws {
    let kernel = FaultyKernel()
    let name = SocketAddress.unix(path: "@framing-\(UInt64.random(in: 0 ... .max))")
    for _ in 0..<2 {
      _ = try Socket.listening(at: name, options: ListenOptions(), system: kernel).descriptor
    }
    #expect(kernel.counts[.status] == nil)
    #expect(kernel.counts[.unlink] == nil)
  }
  #endif
}
