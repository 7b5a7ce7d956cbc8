/// One loop against two on two cores. The load takes its part of both, as a client on the same machine does.
struct LoopsBenchmark {
  let programs: Programs
  let options: Options

  func run() throws -> [Section] {
    var section = Section(
      "loops", title: "Several loops", unit: "messages/s, ratio to one loop",
      method: "Nothing is pinned: server and load share two cores, so two loops cannot be twice as fast.",
      reference: "1 loop")
    let loads = [Load.scenarios[1], Load.scenarios[3], Load.scenarios[4]]
    for handler in ["sync", "async"] {
      let servers = try [1, 2].map {
        try EchoServer.framing(
          programs, name: $0 == 1 ? "1 loop" : "\($0) loops", "--loops", "\($0)", "--handler", handler
        ).start(core: nil)
      }
      defer { for server in servers { server.child.stop() } }
      for load in loads {
        options.say("loops, \(handler), \(load.name)")
        var rates = servers.map { (name: $0.name, samples: Samples(values: [])) }
        for _ in 0..<options.rounds {
          for (index, server) in servers.enumerated() {
            let result = try load.run(
              programs, port: server.port, milliseconds: options.milliseconds, core: nil)
            rates[index].samples.values.append(result.messages / result.seconds)
          }
        }
        section.add(row: "\(handler), \(load.name)", rates)
      }
    }
    return [section]
  }
}
