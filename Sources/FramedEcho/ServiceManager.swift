import FramingTransport
import ToolSupport

/// What a service manager such as systemd has prepared for this process: a listening socket, and somebody to tell.
struct ServiceManager {
  let notifier: ServiceNotifier?
  private let sockets: [InheritedSocket]

  /// Reads the environment, once, before other threads do.
  init() throws(Failure) {
    do throws(EnvironmentError) {
      notifier = try ServiceNotifier.inherited()
      sockets = try SocketActivation.inherited()
    } catch {
      throw Failure(.usage, "\(error)")
    }
  }

  /// The socket to serve; `nil` if it opened none.
  func socket() throws(Failure) -> InheritedSocket? {
    guard sockets.count <= 1 else {
      throw Failure(.usage, "LISTEN_FDS hands over \(sockets.count) sockets; serve takes one")
    }
    return sockets.first
  }
}
