import CSystemShims

/// The ways to wait for many sockets at once, the best first.
public enum SelectorKind: String, CaseIterable, Hashable, Sendable {
  /// `epoll`, Linux. Its cost does not grow with the sockets that are idle.
  case epoll
  /// `kqueue`, Darwin. Its cost does not grow with the sockets that are idle. Not yet run there.
  case kqueue
  /// `poll`, everywhere. Looks at every socket each time; fit for some hundreds.
  case poll
  /// `select`, everywhere. Looks at every socket each time, and at every number below the highest; outside Linux it
  /// takes descriptors up to 1023 only. Fit for some hundreds.
  case select

  /// Those that exist on this system, the best first.
  ///
  /// A sandbox may forbid what the system has: making a loop with it fails then, with the system's reason.
  public static var available: [SelectorKind] { allCases.filter(\.isAvailable) }

  private var isAvailable: Bool {
    switch self {
    case .epoll: CSYS_HAS_EPOLL != 0
    case .kqueue: CSYS_HAS_KQUEUE != 0
    case .poll, .select: true
    }
  }

  /// The environment variable that chooses for loops that are not told which kind to use.
  static let variable = "FRAMING_SELECTOR"

  /// A selector of the given kind; without one, that of `FRAMING_SELECTOR`; without that, the first of those
  /// available that can be made.
  ///
  /// Tried at run time: a sandbox may forbid what the system has. A kind that was asked for is never replaced.
  static func make(
    _ kind: SelectorKind?, system: any SystemCalls,
    environment: String? = csys_environment(variable).map { String(cString: $0) }
  ) throws(SystemError) -> any Selector {
    if let kind { return try system.makeSelector(kind) }
    if let kind = try named(environment) { return try system.makeSelector(kind) }
    var failure: SystemError?
    for kind in available {
      do throws(SystemError) { return try system.makeSelector(kind) } catch { failure = failure ?? error }
    }
    throw failure ?? SystemError(call: "selector", code: ENOSYS)
  }

  /// The kind that the environment variable names; none if it is empty or not set.
  private static func named(_ text: String?) throws(SystemError) -> SelectorKind? {
    guard let text, !text.isEmpty else { return nil }
    let kind = SelectorKind(rawValue: text)
    if let kind, kind.isAvailable { return kind }
    let known = available.map(\.rawValue).joined(separator: " or ")
    throw SystemError(
      call: variable, code: kind == nil ? EINVAL : ENOSYS, subject: "is \(known) here, not \"\(text)\"")
  }

  /// A selector of this kind that makes its calls through `system`.
  package func selector(over system: any SystemCalls) throws(SystemError) -> any Selector {
    switch self {
    case .epoll: try EpollSelector(over: system)
    case .kqueue: try KqueueSelector(over: system)
    case .poll: try PollSelector(over: system)
    case .select: try SelectSelector(over: system)
    }
  }
}
