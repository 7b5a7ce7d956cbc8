import Framing
import FramingTransport
import ToolSupport

/// `framed-echo serve`: answers every message with the same bytes.
struct ServeCommand: Command {
  private enum Handler: String, CaseIterable { case sync, async }

  static let syntax = CommandSyntax(
    "serve", "answers every message with the same bytes",
    options: [
      Option("--host", EchoOptions.hostValue, "the address or name to listen on, or unix:/path (127.0.0.1)"),
      Option("--port", Value("P"), "0 to 65535; 0 takes any free one (7777)"),
      EchoOptions.framer,
      Option(
        "--selector", .choice("NAME", SelectorKind.available.map(\.rawValue)),
        "\(SelectorKind.names(", ")) (the best there is)"),
      Option("--handler", .choice("NAME", Handler.allCases.map(\.rawValue)), "sync or async (sync)"),
      Option("--loops", .number, "threads that share the connections (1)"),
      Option("--proxies", Value("LIST"), "networks that have to send a PROXY header (none)"),
    ],
    groups: [
      OptionGroup("How it listens", ListenArguments.options),
      OptionGroup("For those who run it", OperationOptions.options),
      OptionGroup("What peers may do", LimitOptions.options),
    ],
    description: """
      Answers every message with the same bytes, on every connection, until SIGINT or SIGTERM. The first line says where \
      it listens. A connection that fails ends alone; why, stands on standard error.
      """,
    details: [
      """
      A synchronous handler is a call for each message, an asynchronous one a task for each connection. --proxies is a list \
      as 10.0.0.0/8,::1, or any; the header, of version 1 or 2, comes first and is believed.
      """,
      "Under systemd it serves the socket of LISTEN_FDS, and tells NOTIFY_SOCKET how it is.",
    ],
    examples: ["framed-echo serve --port 0 --framer lines", "framed-echo serve --host unix:/run/echo.sock"],
    statuses: [.unavailable, .inputOutput, .unfinished])

  private let host: String
  private let port: UInt16
  private let framer: (text: String, spec: FramerSpec)
  private let selector: SelectorKind?
  private let handler: Handler
  private let loops: Int
  private let proxies: TrustedAddresses?
  private let listening: ListenOptions
  private let limits: ServerLimits
  private let operation: OperationOptions

  init(_ arguments: Arguments) throws(Failure) {
    host = arguments.text("--host") ?? "127.0.0.1"
    port = try arguments.port(in: 0...(.max))
    framer = try arguments.framer()
    selector = try arguments.choice("--selector", of: SelectorKind.available)
    handler = try arguments.choice("--handler", of: Handler.allCases) ?? .sync
    loops = try arguments.integer("--loops", in: 1...256) ?? 1
    listening = try ListenArguments.listenOptions(arguments)
    limits = try LimitOptions.limits(arguments)
    operation = try OperationOptions(arguments)
    do {
      proxies = try arguments.text("--proxies").map { try TrustedAddresses($0) }
    } catch {
      throw Failure(.usage, "--proxies: \(error)")
    }
  }

  func run() async throws(Failure) -> ExitStatus {
    Platform.raiseDescriptorLimit()
    let manager = try ServiceManager()
    let loop = try eventLoop()
    let inherited = try manager.socket()
    let server = if let inherited { try listen(taking: inherited, on: loop) } else { try listen(on: loop) }
    // Before the line that tells others that they may connect, and stop us.
    Signals.onNext(
      {
        manager.notifier?.notify(.stopping)
        server.shutdown(operation.drain)
      },
      { server.shutdown(.immediate) })
    try announce(server)
    manager.notifier?.notify(.ready, .status("listening on \(server.address)"))
    manager.notifier?.beat(on: loop)
    let report = operation.reportInterval.map { interval in
      Task {
        while true {
          try await loop.sleep(for: interval)
          Terminal.log("counters: \(server.counters)")
        }
      }
    }
    defer { report?.cancel() }
    try await echo(on: server)
    if report != nil { Terminal.log("counters: \(server.counters)") }
    let cut = server.counters[.cut]
    guard cut == 0 else {
      throw Failure(.unfinished, "connections that were cut before they were finished: \(cut)")
    }
    return .success
  }

  /// Prints where the server listens.
  private func announce(_ server: FramedServer) throws(Failure) {
    Terminal.print("listening on \(server.address) (\(server.loop.selectorKind.rawValue), \(framer.text))")
    if let port = operation.healthPort {
      let address = server.address.with(port: port) ?? .loopback(port: port)
      do throws(SystemError) {
        Terminal.print("health on \(try server.reportHealth(at: address))")
      } catch {
        throw Failure(.unavailable, Self.explain(error, at: address))
      }
    }
    // Nobody would learn the port.
    guard Terminal.flush() else { throw Failure(.inputOutput, "standard output cannot be written") }
  }

  private func echo(on server: FramedServer) async throws(Failure) {
    do {
      switch handler {
      case .sync:
        try await server.run(onMessage: { message, connection in try connection.send(message) })
      case .async:
        try await server.run { connection in
          for try await message in connection.messages { try await connection.send(message) }
        }
      }
    } catch {
      throw Failure(.unavailable, "cannot serve at \(server.address): \(error)")
    }
  }

  private func eventLoop() throws(Failure) -> EventLoop {
    do throws(SystemError) {
      return try EventLoop(selector: selector)
    } catch {
      let others = selector == nil ? "" : "; --selector is \(SelectorKind.names(" or "))"
      throw Failure(.unavailable, "cannot wait for sockets: \(error)\(others)")
    }
  }

  /// Listens at the first address of the host that can be had.
  private func listen(on loop: EventLoop) throws(Failure) -> FramedServer {
    var failure = Failure(.unavailable, "host \(Quote.text(host)) has no address")
    for address in try Host.addresses(of: host, port: port) {
      do throws(SystemError) {
        return try listen(at: address, on: loop)
      } catch {
        failure = Failure(.unavailable, Self.explain(error, at: address))
      }
    }
    throw failure
  }

  /// Serves a socket that listens already.
  private func listen(taking inherited: InheritedSocket, on loop: EventLoop) throws(Failure) -> FramedServer {
    do throws(SystemError) {
      return try serve(Socket.takingOver(inherited, options: listening.accepted), on: loop)
    } catch {
      throw Failure(.unavailable, "cannot serve the socket of the service manager: \(error)")
    }
  }

  private func listen(at address: SocketAddress, on loop: EventLoop) throws(SystemError) -> FramedServer {
    try serve(Socket.listening(at: address, options: listening), on: loop)
  }

  private func serve(_ socket: consuming Socket, on loop: EventLoop) throws(SystemError) -> FramedServer {
    // As its own type, the usual framer is compiled into the server; as any framer, it is called through a table.
    if let framer = framer.spec.base as? LengthPrefixedFramer {
      return try FramedServer(
        taking: socket, framer: framer, limits: limits, on: loop, loops: loops, proxies: proxies,
        onEvent: { operation.log($0) })
    }
    return try FramedServer(
      taking: socket, framer: framer.spec.framer, limits: limits, on: loop, loops: loops, proxies: proxies,
      onEvent: { operation.log($0) })
  }

  private static func explain(_ error: SystemError, at address: SocketAddress) -> String {
    switch address {
    case .unix where error.isInUse:
      "\(address) is in use by another server; choose another --host"
    case _ where error.isInUse:
      "\(address) is in use; choose another --port, or 0 for any free one"
    case _ where error.isForbidden:
      "\(address) is not allowed to this user; choose a --port over 1023"
    case _ where error.isElsewhere:
      "\(address.host) is not an address of this machine; --host 0.0.0.0 listens on all that are"
    default: "cannot listen at \(address): \(error)"
    }
  }
}
