import Foundation

/// What the command line says about how to measure.
struct Options {
  var rounds = 5
  var milliseconds = 800
  var isQuiet = false

  /// Says on standard error what is being done.
  func say(_ line: String) {
    if !isQuiet { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
  }
}
