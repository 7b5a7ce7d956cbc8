/// An address of a host, and why no connection came of it.
public struct ConnectAttempt: Hashable, Sendable, CustomStringConvertible {
  /// The address.
  public let address: SocketAddress
  /// Why none came of it.
  public internal(set) var outcome: Outcome

  /// Why no connection came of an address.
  public enum Outcome: Hashable, Sendable {
    /// The system says why not.
    case failed(SystemError)
    /// Nobody had answered when the time was over.
    case noAnswer
    /// The time was over before it was its turn.
    case notTried
  }

  /// One line: "connect [::1]:7777: Connection refused (111)", "no answer from 10.0.0.1:7777".
  public var description: String {
    switch outcome {
    case .failed(let error): error.description
    case .noAnswer: "no answer from \(address)"
    case .notTried: "no time was left for \(address)"
    }
  }
}
