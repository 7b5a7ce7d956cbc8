import Foundation

/// What the command line says about how to measure.
struct Options {
  var rounds = 5
  var milliseconds = 800
  var isQuiet = false
  /// Only what has this in its name; everything without.
  var only: String?

  func wants(_ name: String) -> Bool { only.map { name.contains($0) } ?? true }

  /// Says on standard error what is being done.
  func say(_ line: String) {
    if !isQuiet { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
  }
}
