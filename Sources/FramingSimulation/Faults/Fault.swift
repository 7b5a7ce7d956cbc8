import CSystemShims

/// Something that a call to the kernel may answer and seldom does.
public enum Fault: Hashable, Sendable {
  /// The call fails with an error number. What the error means becomes true: after `ECONNRESET` the connection is no more,
  /// after `ECONNABORTED` the connection that waited is gone, after `EMFILE` nothing has changed.
  case error(CInt)
  /// At the most so many bytes come through.
  case short(Int)
  /// All but the last byte come through, and one byte at least.
  case shortByOne
  /// The peer has ended its stream: nothing that has not been read will come.
  case end
  /// `accept`: the connection that is taken was reset by its peer in the meantime. `receive` and `send`: it is reset after
  /// this call.
  case resetAfter
  /// `connect`: goes on for a while, and fails then.
  case failsLater(CInt)
  /// `connect`: succeeds at once.
  case atOnce
  /// `wait`: every watched socket is reported for everything, though nothing is there.
  case spurious
  /// `wait`: a registration that is no more is reported.
  case stale
  /// `wait`: ends early, with nothing.
  case nothing
  /// `wait`: one event is reported, the rest the next time.
  case one
  /// `wait`: so many seconds pass after it, as if the machine had been asleep.
  case late(seconds: Int)
}

extension Fault: LosslessStringConvertible {
  /// As in a plan: `short(1)`, `error(ECONNRESET)`, `late(2592000)`, `spurious`.
  public var description: String {
    switch self {
    case .error(let code): "error(\(ErrorName.name(code)))"
    case .short(let count): "short(\(count))"
    case .shortByOne: "short-by-one"
    case .end: "end"
    case .resetAfter: "reset-after"
    case .failsLater(let code): "fails-later(\(ErrorName.name(code)))"
    case .atOnce: "at-once"
    case .spurious: "spurious"
    case .stale: "stale"
    case .nothing: "nothing"
    case .one: "one"
    case .late(let seconds): "late(\(seconds))"
    }
  }

  /// Reads what ``description`` prints; `nil` if the text is no fault.
  public init?(_ text: String) {
    let parts = text.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      let plain: [Fault] = [.shortByOne, .end, .resetAfter, .atOnce, .spurious, .stale, .nothing, .one]
      guard let fault = plain.first(where: { $0.description == text }) else { return nil }
      self = fault
      return
    }
    guard parts[1].hasSuffix(")") else { return nil }
    let argument = parts[1].dropLast()
    switch parts[0] {
    case "error": if let code = ErrorName.code(argument) { self = .error(code) } else { return nil }
    case "fails-later":
      if let code = ErrorName.code(argument) { self = .failsLater(code) } else { return nil }
    case "short": if let count = Int(argument), count > 0 { self = .short(count) } else { return nil }
    case "late": if let count = Int(argument), count >= 0 { self = .late(seconds: count) } else { return nil }
    default: return nil
    }
  }
}

extension Fault {
  /// Whether the call may be made again because of it, with nothing lost.
  var isTransient: Bool {
    switch self {
    case .error(let code): code == EINTR || code == EAGAIN
    case .short, .shortByOne, .spurious, .stale, .nothing, .one: true
    case .end, .resetAfter, .failsLater, .atOnce, .late: false
    }
  }
}
