import Foundation

/// How many system calls and how many allocations a message costs: counts, which no other program can disturb much.
struct CallBenchmark {
  let programs: Programs
  let options: Options

  func run() throws -> [Section] {
    var calls = Section(
      "calls", title: "System calls", unit: "per message",
      method: "`strace -c -f` on the server while the load runs, over the messages that it echoed.",
      reference: nil)
    var allocations = Section(
      "allocations", title: "Allocations", unit: "per message",
      method:
        "Calls of `malloc` and its kin, counted by a preloaded library while the load runs, connecting included.",
      reference: nil)
    for load in Load.scenarios.prefix(4) {
      options.say("system calls and allocations, \(load.name)")
      calls.add(
        row: load.name,
        try EchoServer.compared(programs).map { ($0.name, Samples(values: [try systemCalls($0, load)])) })
      allocations.add(
        row: load.name,
        try EchoServer.compared(programs).map { ($0.name, Samples(values: [try allocationCount($0, load)])) })
    }
    return [calls, allocations]
  }

  private func systemCalls(_ server: EchoServer, _ load: Load) throws -> Double {
    let running = try server.start(core: 0)
    defer { running.child.stop() }
    let file = NSTemporaryDirectory() + "/strace-\(running.child.identifier)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let strace = try Child([
      "strace", "-q", "-q", "-c", "-f", "-o", file, "-p", "\(running.child.identifier)",
    ])
    // Until it is traced.
    while tracer(of: running.child.identifier) == 0 { usleep(1000) }
    let result = try load.run(programs, port: running.port, milliseconds: options.milliseconds, core: 1)
    strace.interrupt()
    strace.wait()
    let text = try String(contentsOfFile: file, encoding: .utf8)
    // The last line: "100.00 0.123 1 CALLS ERRORS total".
    let total = text.split(separator: "\n").last { $0.hasSuffix("total") }
    guard let count = total?.split(separator: " ").dropFirst(3).first.flatMap({ Double($0) }) else {
      throw Problem("strace printed no total: \(text)")
    }
    return count / result.messages
  }

  private func tracer(of process: Int32) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("TracerPid:") }
    return line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0
  }

  private func allocationCount(_ server: EchoServer, _ load: Load) throws -> Double {
    let file = NSTemporaryDirectory() + "/allocations-\(UUID().uuidString)"
    try Data(count: 8).write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let running = try server.start(
      core: 0, environment: ["LD_PRELOAD": programs.own("libmalloc-count.so"), "MALLOC_COUNT": file])
    defer { running.child.stop() }
    func count() throws -> UInt64 {
      try Data(contentsOf: URL(fileURLWithPath: file)).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
    _ = try load.run(programs, port: running.port, milliseconds: 100, core: 1)
    let before = try count()
    let result = try load.run(programs, port: running.port, milliseconds: options.milliseconds, core: 1)
    return Double(try count() - before) / result.messages
  }
}
