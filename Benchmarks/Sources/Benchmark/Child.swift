import Foundation

/// A process that was started to be measured, and what the system says of it.
final class Child {
  private let process = Process()
  private let output = Pipe()
  private let input = Pipe()

  /// Starts a program, pinned to one core if told so. `taskset` becomes it, so the process is the program's.
  init(_ command: [String], core: Int? = nil, environment: [String: String] = [:]) throws {
    let words = core.map { ["taskset", "-c", "\($0)"] + command } ?? command
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = output
    process.standardInput = input
    if !environment.isEmpty {
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    }
    try process.run()
  }

  deinit { stop() }

  var identifier: Int32 { process.processIdentifier }

  /// The next line of its output; what there is at the end.
  func readLine() -> String {
    var line = Data()
    while true {
      let byte = output.fileHandleForReading.readData(ofLength: 1)
      if byte.isEmpty || byte.first == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
  }

  /// Waits for its end, and answers the exit status.
  @discardableResult
  func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Ends its input, which tells a program that waits for it to end.
  func endInput() { try? input.fileHandleForWriting.close() }

  func interrupt() { process.interrupt() }

  func stop() {
    guard process.isRunning else { return }
    kill(identifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The time that its threads have run, in seconds, to the nanosecond: `schedstat`, not the clock's ticks of `stat`.
  var processorTime: Double {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/task")) ?? []
    return tasks.reduce(0) { sum, task in
      let text = try? String(contentsOfFile: "/proc/\(identifier)/task/\(task)/schedstat", encoding: .utf8)
      return sum + (text?.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e9
    }
  }

  /// The memory that it holds, in bytes (`Rss` of `smaps_rollup`, which counts pages one by one).
  var residentBytes: Double {
    let text = (try? String(contentsOfFile: "/proc/\(identifier)/smaps_rollup", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("Rss:") }
    return Double(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}

/// Runs a command to its end and answers what it printed.
@discardableResult
func output(of command: [String], core: Int? = nil) throws -> String {
  let child = try Child(command, core: core)
  var lines: [String] = []
  while case let line = child.readLine(), !line.isEmpty { lines.append(line) }
  let status = child.wait()
  guard status == 0 else { throw Problem("\(command.joined(separator: " ")) ended with \(status)") }
  return lines.joined(separator: "\n")
}

/// Why it cannot be measured.
struct Problem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
