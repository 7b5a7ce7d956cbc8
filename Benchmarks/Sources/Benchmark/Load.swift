import Foundation

/// What the load generator does to a server, and what it says of it.
struct Load {
  let name: String
  let connections: Int
  let size: Int
  let depth: Int

  /// The scenarios of the echo tables.
  static let scenarios = [
    Load(name: "1 connection, 64 B, 1 in flight", connections: 1, size: 64, depth: 1),
    Load(name: "64 connections, 64 B, 1 in flight", connections: 64, size: 64, depth: 1),
    Load(name: "1 connection, 64 B, 128 in flight", connections: 1, size: 64, depth: 128),
    Load(name: "64 connections, 64 B, 32 in flight", connections: 64, size: 64, depth: 32),
    Load(name: "16 connections, 16 KiB, 8 in flight", connections: 16, size: 16 << 10, depth: 8),
    Load(name: "4 connections, 1 MiB, 2 in flight", connections: 4, size: 1 << 20, depth: 2),
  ]

  struct Result {
    var messages: Double
    var seconds: Double
    /// CPU seconds of the generator itself.
    var ownTime: Double
    /// Microseconds.
    var p50: Double, p99: Double, p999: Double
  }

  /// Runs it; checks every byte.
  func run(_ programs: Programs, port: String, milliseconds: Int, core: Int?) throws -> Result {
    let words = [port, "\(connections)", "\(size)", "\(depth)", "\(milliseconds)"]
    return try Self.result(of: output(of: [programs.own("c-load")] + words, core: core))
  }

  static func result(of line: String) throws -> Result {
    let numbers = line.split(separator: " ").compactMap { Double($0) }
    guard numbers.count == 6 else { throw Problem("the load generator printed: \(line)") }
    return Result(
      messages: numbers[0], seconds: numbers[1], ownTime: numbers[2], p50: numbers[3], p99: numbers[4],
      p999: numbers[5])
  }
}
