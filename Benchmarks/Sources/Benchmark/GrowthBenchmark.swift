/// How the cost grows: over messages, connections and sizes, with each selector, drawn as plots.
struct GrowthBenchmark {
  let programs: Programs
  let options: Options

  private static let selectors = ["epoll", "poll", "select"]

  /// Up to 20,000, or as many as a process may have open here, less what it needs besides.
  private static var counts: [Int] {
    let most = min(20_000, Machine.descriptorLimit - 100)
    return [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000].filter { $0 < most } + [most]
  }

  func run(into folder: String) throws {
    try messages().write(to: "\(folder)/messages.svg")
    try idle().write(to: "\(folder)/idle-connections.svg")
    try active().write(to: "\(folder)/active-connections.svg")
    try sizes().write(to: "\(folder)/sizes.svg")
  }

  /// CPU seconds over the number of messages.
  private func messages() throws -> Plot {
    var plot = Plot(
      title: "CPU time over the number of messages", x: "messages (64 B, 16 connections, 8 in flight)",
      y: "CPU seconds of the server")
    try forEachSelector { selector, server in
      for milliseconds in [20, 50, 100, 200, 500, 1000, 2000] {
        let load = Load(name: "", connections: 16, size: 64, depth: 8)
        let (time, result) = try cost(load, server, milliseconds)
        plot.add(selector, x: result.messages, y: time)
      }
    }
    return plot
  }

  /// One active connection among so many that are idle.
  private func idle() throws -> Plot {
    var plot = Plot(
      title: "One active connection among idle ones", x: "open connections",
      y: "CPU µs of the server per message")
    try forEachSelector { selector, server in
      for count in Self.counts {
        let idle = try Child([programs.own("c-load"), server.port, "\(count)", "64", "1", "0"], core: 1)
        _ = try Load.result(of: idle.readLine())
        let (time, result) = try cost(
          Load(name: "", connections: 1, size: 64, depth: 1), server, options.milliseconds)
        idle.endInput()
        idle.wait()
        plot.add(selector, x: Double(count), y: time / result.messages * 1e6)
      }
    }
    return plot
  }

  /// Every connection has a message in flight.
  private func active() throws -> Plot {
    var plot = Plot(
      title: "All connections active", x: "connections, 1 message of 64 B in flight on each",
      y: "CPU µs of the server per message")
    try forEachSelector { selector, server in
      for count in Self.counts {
        let load = Load(name: "", connections: count, size: 64, depth: 1)
        let (time, result) = try cost(load, server, max(options.milliseconds, count / 5))
        plot.add(selector, x: Double(count), y: time / result.messages * 1e6)
      }
    }
    return plot
  }

  private func sizes() throws -> Plot {
    var plot = Plot(
      title: "Messages of many sizes", x: "bytes of a message (2 connections, 2 in flight)",
      y: "CPU µs of the server per message")
    try forEachSelector { selector, server in
      for exponent in stride(from: 4, through: 24, by: 2) {
        // 16 MiB is the default limit of a frame.
        let load = Load(name: "", connections: 2, size: 1 << exponent, depth: 2)
        let (time, result) = try cost(load, server, options.milliseconds)
        plot.add(selector, x: Double(load.size), y: time / result.messages * 1e6)
      }
    }
    return plot
  }

  private func forEachSelector(_ body: (String, EchoServer.Running) throws -> Void) throws {
    for selector in Self.selectors {
      options.say("growth, \(selector)")
      let server = try EchoServer.framing(programs, name: selector, "--selector", selector).start(core: 0)
      defer { server.child.stop() }
      try body(selector, server)
    }
  }

  private func cost(
    _ load: Load, _ server: EchoServer.Running, _ milliseconds: Int
  ) throws -> (time: Double, result: Load.Result) {
    let before = server.child.processorTime
    let result = try load.run(programs, port: server.port, milliseconds: milliseconds, core: 1)
    return (server.child.processorTime - before, result)
  }
}
