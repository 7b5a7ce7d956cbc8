import CSystemShims

/// An environment variable from a service manager that says something else than it should.
public struct EnvironmentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the variable, as `LISTEN_FDS`.
  public let variable: String
  /// What it says.
  public let value: String
  /// What is wrong with that.
  public let problem: String

  /// One line: `LISTEN_FDS="x": not a number from 1 to 65536`.
  public var description: String { "\(variable)=\"\(value)\": \(problem)" }
}

/// The environment variables of this process.
enum Environment {
  /// Takes variables out of the environment: child processes, and whoever asks again, do not find them.
  ///
  /// - Warning: Not while another thread reads or writes the environment.
  static func take(_ names: [String]) -> [String: String] {
    var variables: [String: String] = [:]
    for name in names {
      guard let value = getenv(name) else { continue }
      variables[name] = String(cString: value)
      unsetenv(name)
    }
    return variables
  }

  /// The value of a decimal number without sign and blanks; `nil` if it is none.
  static func number<Number: FixedWidthInteger>(_ text: String) -> Number? {
    guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
    return Number(text)
  }
}
