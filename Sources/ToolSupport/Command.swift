/// What a subcommand is: described, made from its arguments, then run.
package protocol Command: Sendable {
  /// What it takes and does.
  static var syntax: CommandSyntax { get }
  /// Judges the arguments.
  init(_ arguments: Arguments) throws(Failure)
  /// Does it.
  func run() async throws(Failure) -> ExitStatus
}

/// How the process ends, the same in all programs. The numbers from 64 on are those of `sysexits.h`.
package enum ExitStatus: Int32, CaseIterable, Sendable {
  case success = 0
  /// What had to be equal is not: an echo and its message, a recorded stream and what came of it.
  case different = 1
  /// Wrong arguments.
  case usage = 64
  /// Bytes that the framing cannot read, or a message that it cannot carry.
  case data = 65
  /// A file that is not there or cannot be opened.
  case noInput = 66
  /// Nobody listens there, or nobody can.
  case unavailable = 69
  /// Input that cannot be read to its end, or output that cannot be written.
  case inputOutput = 74
  /// What was begun could not be finished in time: trying again may help.
  case unfinished = 75

  /// What it says, in a few words.
  package var meaning: String {
    switch self {
    case .success: "as it should be"
    case .different: "what should be equal is not"
    case .usage: "wrong arguments"
    case .data: "bytes that break the framing, or a message that it cannot carry"
    case .noInput: "no such file"
    case .unavailable: "no address, or no server"
    case .inputOutput: "input or output failed"
    case .unfinished: "connections were cut"
    }
  }
}

/// Why a command cannot do what it was told: one line, and the status to end with.
package struct Failure: Error {
  package let status: ExitStatus
  package let message: String

  package init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }
}
