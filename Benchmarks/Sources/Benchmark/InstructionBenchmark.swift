import Foundation

/// How many instructions a message costs a server in user space: a count, the same in every run but for how the messages
/// happen to come.
struct InstructionBenchmark {
  let programs: Programs
  let options: Options

  func run() throws -> [Section] {
    var section = Section(
      "instructions", title: "Instructions", unit: "per message",
      method:
        "Those outside of the kernel, counted by `valgrind --tool=callgrind` once the first connections have come and "
        + "gone, over the messages that the server echoed.",
      reference: nil)
    for load in Load.scenarios.prefix(4) {
      options.say("instructions, \(load.name)")
      // C and ours: valgrind cannot read the debugging information of the servers on SwiftNIO.
      let servers = EchoServer.compared(programs).prefix(3)
      section.add(
        row: load.name,
        try servers.map { ($0.name, Samples(values: [try instructions($0, load)])) })
    }
    return [section]
  }

  private func instructions(_ server: EchoServer, _ load: Load) throws -> Double {
    let file = NSTemporaryDirectory() + "/callgrind-\(UUID().uuidString)"
    let callgrind = ["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=\(file)"]
    let counted = EchoServer(name: server.name, command: callgrind + server.command)
    let running = try counted.start(core: 0)
    defer {
      running.child.stop()
      for number in 1...2 { try? FileManager.default.removeItem(atPath: "\(file).\(number)") }
    }
    _ = try load.run(programs, port: running.port, milliseconds: 100, core: 1)
    // What was counted so far goes to file 1, and what comes now to file 2.
    try output(of: ["callgrind_control", "--dump", "\(running.child.identifier)"])
    let result = try load.run(programs, port: running.port, milliseconds: options.milliseconds, core: 1)
    try output(of: ["callgrind_control", "--dump", "\(running.child.identifier)"])
    let text = try String(contentsOfFile: file + ".2", encoding: .isoLatin1)
    let total = text.split(separator: "\n").last { $0.hasPrefix("totals: ") }
    guard let count = total?.split(separator: " ").last.flatMap({ Double($0) }) else {
      throw Problem("callgrind wrote no total")
    }
    return count / result.messages
  }
}
