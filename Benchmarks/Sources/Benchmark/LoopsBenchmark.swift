/// One loop against two on two cores. The load takes its part of both, as a client on the same machine does.
struct LoopsBenchmark {
  let programs: Programs
  let options: Options

  func run() throws -> [Section] {
    var section = Section(
      "loops", title: "Several loops", unit: "messages/s, ratio to one loop",
      method:
        "More is better. Nothing is pinned: server and load share two cores, so two loops are twice as fast only where "
        + "the load has next to nothing to do, as in the first row, whose handler works for some 50 us on each message; "
        + "where the load has as much to do as the server they cannot be faster at all.",
      reference: "1 loop")
    try measure(Load.scenarios[1], "busy handler", into: &section) { loops in
      EchoServer(name: Self.name(loops), command: [programs.own("busy-echo"), "\(loops)"])
    }
    for handler in ["sync", "async"] {
      for load in [Load.scenarios[1], Load.scenarios[3], Load.scenarios[4]] {
        try measure(load, handler, into: &section) { loops in
          .framing(programs, name: Self.name(loops), "--loops", "\(loops)", "--handler", handler)
        }
      }
    }
    return [section]
  }

  /// Adds the row of one load, with servers of one loop and of two that are asked in turn.
  private func measure(
    _ load: Load, _ handler: String, into section: inout Section, _ server: (Int) -> EchoServer
  ) throws {
    options.say("loops, \(handler), \(load.name)")
    let servers = try [1, 2].map { try server($0).start(core: nil) }
    defer { for server in servers { server.child.stop() } }
    var rates = servers.map { (name: $0.name, samples: Samples(values: [])) }
    for _ in 0..<options.rounds {
      for (index, server) in servers.enumerated() {
        let result = try load.run(programs, port: server.port, milliseconds: options.milliseconds, core: nil)
        rates[index].samples.values.append(result.messages / result.seconds)
      }
    }
    section.add(row: "\(handler), \(load.name)", rates)
  }

  private static func name(_ loops: Int) -> String { loops == 1 ? "1 loop" : "\(loops) loops" }
}
