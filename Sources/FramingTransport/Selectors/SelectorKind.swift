/// The ways to wait for many sockets at once.
public enum SelectorKind: String, CaseIterable, Hashable, Sendable {
  /// `epoll`, Linux. Its cost does not grow with the sockets that are idle.
  case epoll
  /// `select`, everywhere. Looks at every socket each time; fit for some hundreds.
  case select

  /// Those that exist on this system, the best first.
  public static var available: [SelectorKind] {
    #if os(Linux)
    [.epoll, .select]
    #else
    [.select]
    #endif
  }

  /// A selector of the given kind, or the first available one that can be made.
  ///
  /// Tried at run time: a sandbox may forbid what the system has.
  static func make(_ kind: SelectorKind?, system: any SystemCalls) throws(SystemError) -> any Selector {
    if let kind { return try system.makeSelector(kind) }
    var failure: SystemError?
    for kind in available {
      do throws(SystemError) { return try system.makeSelector(kind) } catch { failure = failure ?? error }
    }
    throw failure ?? SystemError(call: "selector", code: 0)
  }
}
