import Foundation

/// What a clean release build costs, and how large the stripped program is: ours, and the echo server on SwiftNIO.
struct BuildBenchmark {
  let options: Options
  /// The folders of both packages.
  let ours: String
  let own: String

  func run() throws -> [Section] {
    var section = Section(
      "build", title: "Clean release build", unit: "",
      method:
        "`swift build -c release --product P` into an empty folder, sources of dependencies already there; the "
        + "program with `strip`. `busy-echo` is an echo server of ours and nothing else, as `nio-echo` is one on "
        + "SwiftNIO; `framed-echo` is the whole tool.",
      reference: nil)
    let programs = [
      ("busy-echo", own), ("framed-echo", ours), ("nio-echo", own),
    ]
    var seconds: [(name: String, samples: Samples)] = []
    var megabytes: [(name: String, samples: Samples)] = []
    var alone: [(name: String, samples: Samples)] = []
    for (name, package) in programs {
      options.say("a clean build of \(name)")
      let (time, size) = try build(name, of: package, flags: [])
      seconds.append((name, Samples(values: [time])))
      megabytes.append((name, Samples(values: [size])))
      options.say("the same with --static-swift-stdlib")
      alone.append(
        (name, Samples(values: [try build(name, of: package, flags: ["--static-swift-stdlib"]).size])))
    }
    section.add(row: "CPU s of the build", seconds)
    section.add(row: "MB stripped", megabytes)
    section.add(row: "MB stripped, with the standard library", alone)
    return [section]
  }

  private func build(_ product: String, of package: String, flags: [String]) throws -> (
    time: Double, size: Double
  ) {
    let folder = NSTemporaryDirectory() + "/build-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let words =
      ["swift", "build", "--package-path", package, "--scratch-path", folder, "-c", "release"] + flags
    try silently(words + ["--product", "nothing", "--show-bin-path"])  // Fetches what it depends on.
    let before = childTime()
    try silently(words + ["--product", product])
    let time = childTime() - before
    let stripped = folder + "/stripped"
    try silently(["strip", "-o", stripped, "\(folder)/release/\(product)"])
    let size = try FileManager.default.attributesOfItem(atPath: stripped)[.size] as? Int ?? 0
    return (time, Double(size) / 1e6)
  }

  private func silently(_ command: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = FileHandle.standardError
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Problem("\(command.joined(separator: " ")) failed") }
  }

  /// CPU seconds of all children that have ended, and of theirs.
  private func childTime() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }
}
