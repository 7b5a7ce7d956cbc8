import Foundation

/// The echo servers that are compared, and how they are started. All frame with 4 bytes, big-endian.
struct EchoServer {
  let name: String
  let command: [String]
  /// What ``compared`` is compared with.
  static let reference = "C epoll"

  /// Everybody, in the order of the tables.
  static func compared(_ programs: Programs) -> [EchoServer] {
    [
      EchoServer(name: reference, command: [programs.own("c-echo")]),
      framing(programs, name: "framing, sync"),
      framing(programs, name: "framing, async", "--handler", "async"),
      EchoServer(name: "SwiftNIO, tuned", command: [programs.own("nio-echo"), "tuned"]),
      EchoServer(name: "SwiftNIO", command: [programs.own("nio-echo"), "plain"]),
    ]
  }

  /// Ours, with options.
  static func framing(_ programs: Programs, name: String, _ options: String...) -> EchoServer {
    EchoServer(name: name, command: [programs.framedEcho, "serve", "--port", "0"] + options)
  }

  /// A server that runs, and its port.
  struct Running {
    let name: String
    let child: Child
    let port: String
  }

  func start(core: Int?, environment: [String: String] = [:]) throws -> Running {
    let child = try Child(command, core: core, environment: environment)
    // "listening on 127.0.0.1:PORT", and what some say behind it.
    let line = child.readLine()
    guard
      let port = line.split(separator: " ").first(where: { $0.hasPrefix("127.0.0.1:") })?.split(
        separator: ":"
      ).last
    else { throw Problem("\(name) did not say where it listens: \(line)") }
    return Running(name: name, child: child, port: String(port))
  }
}

/// Where the programs are.
struct Programs {
  /// The executables of this package.
  let folder: String
  /// Ours.
  let framedEcho: String

  func own(_ name: String) -> String { "\(folder)/\(name)" }
}
