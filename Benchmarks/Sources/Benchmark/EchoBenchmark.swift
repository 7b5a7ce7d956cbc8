/// Echo servers beside each other under the same load: server on core 0, load on core 1, in turn, round by round.
struct EchoBenchmark {
  let programs: Programs
  let options: Options

  /// Two tables: what a message costs the server, and how many there were.
  func run() throws -> [Section] {
    var cost = Section(
      "echo", title: "Echo: processor time of the server", unit: "µs per message, ratio to C",
      method: "CPU time of the server's process, user and kernel, over the messages that it echoed. "
        + "Each round measures all servers in turn, each for \(options.milliseconds) ms; "
        + "\(options.rounds) rounds; ratios are taken round by round: median (least–most). Server and load have a "
        + "core each.",
      reference: EchoServer.reference)
    var rate = Section(
      "echo-rate", title: "Echo: messages a second", unit: "messages/s",
      method:
        "The same run; more is better. The load generator is one core of C, so that it limits the fastest servers.",
      reference: nil)
    rate.isCost = false
    let servers = try EchoServer.compared(programs).map { try $0.start(core: 0) }
    defer { for server in servers { server.child.stop() } }
    for load in Load.scenarios where options.wants(load.name) {
      var costs = servers.map { (name: $0.name, samples: Samples(values: [])) }
      var rates = costs
      for round in 0..<options.rounds {
        options.say("\(load.name), round \(round + 1) of \(options.rounds)")
        for (index, server) in servers.enumerated() {
          let before = server.child.processorTime
          let result = try load.run(programs, port: server.port, milliseconds: options.milliseconds, core: 1)
          let time = server.child.processorTime - before
          costs[index].samples.values.append(time / result.messages * 1e6)
          rates[index].samples.values.append(result.messages / result.seconds)
        }
      }
      cost.add(row: load.name, costs)
      rate.add(row: load.name, rates)
    }
    return [cost, rate]
  }
}
