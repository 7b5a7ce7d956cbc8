/// Ten thousand connections, each used once and then idle: what they hold, and what one that is active costs among them.
struct IdleBenchmark {
  let programs: Programs
  let options: Options
  private let count = 10_000

  func run() throws -> [Section] {
    var memory = Section(
      "idle", title: "Memory of 10,000 idle connections", unit: "bytes",
      method:
        "Resident memory of a fresh server's process (`smaps_rollup`), before and with 10,000 connections that each "
        + "had one message of 64 bytes echoed; the difference for each. The kernel's sockets come on top.",
      reference: nil)
    var rows: [(name: String, each: Samples, start: Samples)] = []
    for server in EchoServer.compared(programs) {
      options.say("10,000 idle connections, \(server.name)")
      let running = try server.start(core: 0)
      // Once, so that what the first connection needs is not counted ten thousand times.
      _ = try Load(name: "", connections: 1, size: 64, depth: 1).run(
        programs, port: running.port, milliseconds: 100, core: 1)
      let before = running.child.residentBytes
      let load = try Child([programs.own("c-load"), running.port, "\(count)", "64", "1", "0"], core: 1)
      _ = try Load.result(of: load.readLine())
      let after = running.child.residentBytes
      load.endInput()
      load.wait()
      running.child.stop()
      rows.append(
        (server.name, Samples(values: [(after - before) / Double(count)]), Samples(values: [before])))
    }
    memory.add(row: "per idle connection", rows.map { ($0.name, $0.each) })
    memory.add(row: "the process before", rows.map { ($0.name, $0.start) })
    return [memory]
  }
}
