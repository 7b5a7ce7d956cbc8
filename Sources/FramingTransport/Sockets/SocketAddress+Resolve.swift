import CSystemShims
import Synchronization

extension SocketAddress {
  /// A host whose addresses could not be found, with the system's reason.
  public struct UnknownHost: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name that was looked up.
    public let host: String
    /// The system's reason, as "Name or service not known".
    public let reason: String

    /// The failure to find `host`, because of `reason`.
    public init(host: String, reason: String) {
      self.host = host
      self.reason = reason
    }

    /// One line: `unknown host "nowhere": Name or service not known`.
    public var description: String { "unknown host \"\(host)\": \(reason)" }
  }

  /// Why nobody was told the addresses of a host.
  public enum ResolveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It has none, or they could not be found.
    case unknownHost(UnknownHost)
    /// The task that waited was cancelled.
    case cancelled

    /// One sentence.
    public var description: String {
      switch self {
      case .unknownHost(let error): error.description
      case .cancelled: "the waiting task was cancelled"
      }
    }
  }

  /// The addresses of a host, in the order in which the system wants them tried (`getaddrinfo`, RFC 6724); at least one.
  ///
  /// Blocks no thread that others use: one of at most eight threads of its own asks the system, and what has no thread
  /// waits for one. A host that is a number, as `127.0.0.1` or `::1`, needs none. A task that is cancelled while it
  /// waits goes on at once; the thread ends by itself when the system has answered.
  ///
  /// IPv4 and IPv6 addresses come together, when both are known. `getaddrinfo` can be asked for each family alone, and a
  /// connection be begun as soon as one is known (RFC 8305, section 3), but the order between the families, which
  /// takes both, would be lost.
  ///
  /// - Throws: ``ResolveError``.
  public static func resolve(host: String, port: UInt16) async throws(ResolveError) -> [SocketAddress] {
    if let literal = SocketAddress(host: host, port: port) { return [literal] }
    let waiter = Waiter()
    let query = AddressQuery(host: host, port: port) { answer in
      waiter.resume(with: answer.mapError { .unknownHost($0) })
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        waiter.wait(continuation)
        Kernel.real.resolve(query)
      }
    } onCancel: {
      query.cancel()
      waiter.resume(with: .failure(.cancelled))
    }
    return try result.get()
  }

  /// As the asynchronous one, but the thread that asks is the caller's.
  ///
  /// - Warning: May wait for a name server, for many seconds: not for an event loop, nor for a task.
  /// - Throws: ``UnknownHost``.
  public static func resolve(host: String, port: UInt16) throws(UnknownHost) -> [SocketAddress] {
    if let literal = SocketAddress(host: host, port: port) { return [literal] }
    guard !host.utf8.contains(0) else { throw UnknownHost(host: host, reason: "it has a zero byte in it") }
    var shims = [csys_address](repeating: csys_address(), count: 32)
    let count = Int(csys_resolve(host, port, &shims, CInt(shims.count)))
    guard count > 0 else {
      let reason = count == 0 ? "it has no address" : String(cString: csys_resolve_reason(CInt(count)))
      throw UnknownHost(host: host, reason: reason)
    }
    return shims[..<count].map { SocketAddress($0) }
  }

  /// Who waits for the addresses of a host: resumed by the answer or by cancellation, whichever is first.
  private final class Waiter: Sendable {
    typealias Outcome = Result<[SocketAddress], ResolveError>

    private enum State {
      case notYet
      case waiting(CheckedContinuation<Outcome, Never>)
      case over(Outcome)
    }

    private let state = Mutex(State.notYet)

    func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
      let outcome = state.withLock { state -> Outcome? in
        if case .over(let outcome) = state { return outcome }
        state = .waiting(continuation)
        return nil
      }
      if let outcome { continuation.resume(returning: outcome) }
    }

    func resume(with outcome: Outcome) {
      let continuation = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
        switch state {
        case .notYet:
          state = .over(outcome)
          return nil
        case .waiting(let continuation):
          state = .over(outcome)
          return continuation
        case .over: return nil
        }
      }
      continuation?.resume(returning: outcome)
    }
  }
}
