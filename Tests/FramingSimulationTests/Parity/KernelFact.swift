import CSystemShims
import FramingTransport
import Testing

/// Something that kernels do and that the transport is built on: what to try, and what is to be seen.
struct KernelFact: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let expected: [String]
  /// Whether it uses descriptors up, and needs a process of its own for it.
  var needsProcess = false
  let play: @Sendable (Stage) -> Void

  init(
    _ words: String, _ expected: [String], needsProcess: Bool = false,
    _ play: @escaping @Sendable (Stage) -> Void
  ) {
    (testDescription, self.expected, self.needsProcess, self.play) = (words, expected, needsProcess, play)
  }

  static let all = ends + resets + beginnings + descriptors + buffers
}

extension KernelFact {
  static let ends: [KernelFact] = [
    KernelFact(
      "the end of a stream stays readable, writing goes on, and the hang-up comes with the other half",
      [
        "in out", "the end", "in out", "nothing", "2", "\"on\"", "in out hup", "EPIPE", "the end",
      ]
    ) { stage in
      let (client, server) = stage.pair()
      _ = stage.system.shutdownWriting(server)
      stage.wait(client, for: .readable)
      stage.say(stage.look(client))
      stage.say(stage.receive(client))
      stage.say(stage.look(client))
      stage.say(stage.look(client, []))
      stage.say(stage.send(client, "on"))
      stage.wait(server, for: .readable)
      stage.say(stage.receive(server))
      _ = stage.system.shutdownWriting(client)
      stage.say(stage.look(client))
      stage.say(stage.send(client, "off"))
      stage.wait(server, for: .readable)
      stage.say(stage.receive(server))
    },
    KernelFact(
      "a peer that has closed lets one message through, and the next one breaks the pipe",
      ["1", "in out err hup", "EPIPE", "EPIPE", "in out hup", "the end"]
    ) { stage in
      let (client, server) = stage.pair()
      stage.close(server)
      stage.wait(client, for: .readable)
      stage.say(stage.send(client, "a"))
      stage.wait(client, for: [])
      stage.say(stage.look(client))
      stage.say(stage.send(client, "b"))
      stage.say(stage.send(client, "c"))
      stage.say(stage.look(client))
      stage.say(stage.receive(client))
    },
    KernelFact(
      "the hang-up of a Unix peer cannot be masked",
      ["hup", "in out hup", "the end", "EPIPE", "[7]", "[7]"]
    ) { stage in
      let (client, server) = stage.pair(.unix)
      let epoll = stage.epoll()
      _ = stage.system.epollControl(epoll, .add([], token: 7), client)
      stage.close(server)
      stage.say(stage.look(client, []))
      stage.say(stage.look(client))
      stage.say(stage.receive(client))
      stage.say(stage.send(client, "a"))
      stage.say("\(stage.events(epoll))")
      stage.say("\(stage.events(epoll))")
    },
    KernelFact(
      "a Unix peer that closes with bytes unread is an error; what it sent before can be read",
      ["in out err hup", "EPIPE", "\"reply\"", "ECONNRESET", "the end"]
    ) { stage in
      let (client, server) = stage.pair(.unix)
      _ = stage.send(client, "question")
      _ = stage.send(server, "reply")
      stage.close(server)
      stage.say(stage.look(client))
      stage.say(stage.send(client, "another"))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
    },
    KernelFact(
      "closing with bytes unread resets the connection", ["in out err hup", "ECONNRESET", "the end"]
    ) { stage in
      let (client, server) = stage.pair()
      _ = stage.send(client, "unread")
      stage.wait(server, for: .readable)
      stage.close(server)
      stage.wait(client, for: .readable)
      stage.say(stage.look(client))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
    },
    KernelFact(
      "closing with bytes unread cuts a reply that is on its way", ["the reply was cut: true", "ECONNRESET"]
    ) { stage in
      let (client, server) = stage.pair()
      _ = stage.send(client, "unread")
      stage.wait(server, for: .readable)
      let sent = stage.fill(server)
      stage.close(server)
      let (count, end) = stage.receiveAll(client)
      stage.say("the reply was cut: \(count < sent)")
      stage.say(end)
    },
    KernelFact(
      "a reply survives a close that ends the stream first and reads to the end",
      ["all of it: true", "the end"]
    ) { stage in
      let (client, server) = stage.pair()
      _ = stage.send(client, "unread")
      stage.wait(server, for: .readable)
      let sent = stage.fill(server)
      _ = stage.system.shutdownWriting(server)
      let (count, end) = stage.receiveAll(client)
      stage.say("all of it: \(count == sent)")
      stage.say(end)
      _ = stage.system.shutdownWriting(client)
      _ = stage.receiveAll(server)
      stage.close(server)
    },
  ]

  static let resets: [KernelFact] = [
    KernelFact(
      "bytes, then a reset, can be read before the error; then comes the end",
      ["in out err hup", "\"last\"", "ECONNRESET", "the end", "in out hup", "EPIPE", "ENOTCONN"]
    ) { stage in
      let client = stage.resetClient()
      stage.say(stage.look(client))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
      stage.say(stage.look(client))
      stage.say(stage.send(client, "a"))
      stage.say(Stage.words(stage.system.shutdownWriting(client)))
    },
    KernelFact(
      "an error that is asked for before the bytes are read turns a reset into a clean end",
      ["ECONNRESET", "\"last\"", "the end"]
    ) { stage in
      let client = stage.resetClient()
      stage.say(stage.takeError(client))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
    },
    KernelFact(
      "sending on a reset connection tells of the reset once, then of a broken pipe",
      ["ECONNRESET", "EPIPE", "\"last\"", "the end"]
    ) { stage in
      let client = stage.resetClient()
      stage.say(stage.send(client, "a"))
      stage.say(stage.send(client, "a"))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
    },
    KernelFact(
      "sending on a connection that its peer has ended, then reset, tells of a broken pipe, and the end is one",
      ["EPIPE", "EPIPE", "\"last\"", "the end"]
    ) { stage in
      let client = stage.resetClient(isEnded: true)
      stage.say(stage.send(client, "a"))
      stage.say(stage.send(client, "a"))
      stage.say(stage.receive(client))
      stage.say(stage.receive(client))
    },
  ]

  static let beginnings: [KernelFact] = [
    KernelFact(
      "a refused connection is everything at once, and tells its error once",
      ["EINPROGRESS", "in out err hup", "ECONNREFUSED", "0", "in out hup"]
    ) { stage in
      let (listener, address) = stage.listen()
      stage.close(listener)
      let client = stage.socket()
      stage.say(Stage.words(stage.system.connect(client, to: address)))
      stage.wait(client, for: .writable)
      stage.say(stage.look(client))
      stage.say(stage.takeError(client))
      stage.say(stage.takeError(client))
      stage.say(stage.look(client))
    },
    KernelFact(
      "a socket that has not begun to connect hangs up and is writable",
      ["out hup", "EPIPE", "ENOTCONN", "ENOTCONN"]
    ) { stage in
      let client = stage.socket()
      stage.say(stage.look(client))
      stage.say(stage.send(client, "a"))
      stage.say(stage.receive(client))
      stage.say(Stage.words(stage.system.shutdownWriting(client)))
    },
    KernelFact("connecting ends once, and is told so", ["EINPROGRESS", "out", "0", "EISCONN"]) { stage in
      let (_, address) = stage.listen()
      let client = stage.socket()
      stage.say(Stage.words(stage.system.connect(client, to: address)))
      stage.wait(client, for: .writable)
      stage.say(stage.look(client))
      stage.say(stage.takeError(client))
      // The first tells that it has come to its end, the others that it is over.
      _ = stage.system.connect(client, to: address)
      stage.say(Stage.words(stage.system.connect(client, to: address)))
    },
    KernelFact("nobody at a Unix path is told at once", ["ENOENT"]) { stage in
      let path = SocketAddress.unix(path: "/nonexistent/socket")
      stage.say(Stage.words(stage.system.connect(stage.socket(.unix), to: path)))
    },
    KernelFact(
      "a backlog of two lets three connections complete, and a fourth when one of them is taken",
      ["out", "out", "out", "nothing", "out"]
    ) { stage in
      let (listener, address) = stage.listen(backlog: 2)
      let clients = (0..<3).map { _ in stage.connect(address) }
      for client in clients { stage.wait(client, for: .writable) }
      let last = stage.connect(address)
      for client in clients { stage.say(stage.look(client)) }
      stage.say(stage.poll(last, .writable, timeout: 50_000_000))
      _ = stage.accept(listener)
      stage.wait(last, for: .writable)
      stage.say(stage.look(last))
    },
    KernelFact(
      "a connection that its peer has reset is accepted all the same", ["accepted: true", "ECONNRESET"]
    ) { stage in
      let (listener, address) = stage.listen()
      let client = stage.connect(address)
      stage.wait(client, for: .writable)
      _ = stage.system.set(.resetOnClose, on: client)
      stage.close(client)
      let server = stage.accept(listener)
      stage.say("accepted: \(server >= 0)")
      stage.wait(server, for: .readable)
      stage.say(stage.receive(server))
    },
    KernelFact(
      "an accepted socket does not block, and closes as its listener was told to", ["EAGAIN", "ECONNRESET"]
    ) { stage in
      let (listener, address) = stage.listen()
      _ = stage.system.set(.resetOnClose, on: listener)
      let client = stage.connect(address)
      let server = stage.accept(listener)
      stage.say(stage.receive(server))
      stage.close(server)
      stage.wait(client, for: .readable)
      stage.say(stage.receive(client))
    },
    KernelFact("a listener that closes resets those who wait", ["ECONNRESET"]) { stage in
      let (listener, address) = stage.listen()
      let client = stage.connect(address)
      stage.wait(client, for: .writable)
      stage.close(listener)
      stage.wait(client, for: .readable)
      stage.say(stage.receive(client))
    },
    KernelFact("an address is taken once", ["EADDRINUSE"]) { stage in
      let (_, address) = stage.listen()
      stage.say(Stage.words(stage.system.bind(stage.socket(), to: address)))
    },
  ]

  static let descriptors: [KernelFact] = [
    KernelFact(
      "a listener stays readable while descriptors are used up, and nobody is lost",
      ["in", "EMFILE", "in", "EMFILE", "in", "accepted: true", "in", "accepted: true", "nothing"],
      needsProcess: true
    ) { stage in
      let (listener, address) = stage.listen()
      let clients = [stage.connect(address), stage.connect(address)]
      for client in clients { stage.wait(client, for: .writable) }
      var copies: [CInt] = []
      while true {
        let copy = stage.duplicate(listener)
        if copy < 0 { break }
        copies.append(copy)
      }
      var peer = address
      for _ in 0..<2 {
        stage.say(stage.look(listener, .readable))
        stage.say(Stage.words(stage.system.accept(listener, peer: &peer)))
      }
      for copy in copies { stage.close(copy) }
      for _ in 0..<2 {
        stage.say(stage.look(listener, .readable))
        stage.say("accepted: \(stage.accept(listener) >= 0)")
      }
      stage.say(stage.look(listener, .readable))
    },
    KernelFact(
      "events of a closed descriptor go on while a copy of it is open, and cannot be ended under its number",
      ["[7]", "[7]", "EBADF", "[7]", "[]"]
    ) { stage in
      let (client, server) = stage.pair(.unix)
      let epoll = stage.epoll()
      let copy = stage.duplicate(client)
      _ = stage.system.epollControl(epoll, .add(.readable, token: 7), client)
      _ = stage.send(server, "a")
      stage.say("\(stage.events(epoll))")
      stage.close(client)
      stage.say("\(stage.events(epoll))")
      stage.say(Stage.words(stage.system.epollControl(epoll, .remove, client)))
      stage.say("\(stage.events(epoll))")
      stage.close(copy)
      stage.say("\(stage.events(epoll))")
    },
    KernelFact(
      "a descriptor is watched once, and one that is closed is not", ["EEXIST", "ENOENT", "EBADF", "nval"]
    ) { stage in
      let (client, server) = stage.pair(.unix)
      let epoll = stage.epoll()
      _ = stage.system.epollControl(epoll, .add(.readable, token: 1), client)
      stage.say(Stage.words(stage.system.epollControl(epoll, .add(.readable, token: 2), client)))
      stage.say(Stage.words(stage.system.epollControl(epoll, .modify(.readable, token: 2), server)))
      // Not a number that another test may be given meanwhile.
      stage.say(Stage.words(stage.system.epollControl(epoll, .add(.readable, token: 3), 1_000_000)))
      stage.say(stage.look(1_000_000))
    },
  ]

  static let buffers: [KernelFact] = [
    KernelFact(
      "a peer that does not read is written to up to a bound, and beyond it once it reads",
      ["thousands of bytes: true", "nothing", "all of them: true", "out"]
    ) { stage in
      let (client, server) = stage.pair()
      var sent = stage.fill(client)
      // What was sent moves on in its own time, and makes room again.
      while stage.poll(client, .writable, timeout: 100_000_000) != "nothing" { sent += stage.fill(client) }
      stage.say("thousands of bytes: \(sent > 4096)")
      stage.say(stage.look(client))
      var received = 0
      while received < sent {
        stage.wait(server, for: .readable)
        received += stage.receive(server, 1 << 16).utf8.count - 2
      }
      stage.say("all of them: \(received == sent)")
      stage.wait(client, for: .writable)
      stage.say(stage.look(client))
    }
  ]
}

extension Stage {
  /// A client whose server sent "last", the end of its stream if it is told so, and then a reset.
  func resetClient(isEnded: Bool = false) -> CInt {
    let (client, server) = pair()
    _ = send(server, "last")
    if isEnded { _ = system.shutdownWriting(server) }
    _ = system.set(.resetOnClose, on: server)
    close(server)
    wait(client, for: [])
    return client
  }
}
