import FramingTransport
import ToolSupport

/// What `--host` and `--port` name.
enum Host {
  /// The addresses to try, in their order.
  static func addresses(of host: String, port: UInt16) throws(Failure) -> [SocketAddress] {
    if let path = try path(host) { return [path] }
    do throws(SocketAddress.UnknownHost) {
      return try SocketAddress.resolve(host: host, port: port)
    } catch {
      throw Failure(.unavailable, explain(error))
    }
  }

  /// The path of a Unix socket; `nil` if the host is a name or an address.
  static func path(_ host: String) throws(Failure) -> SocketAddress? {
    guard host.hasPrefix("unix:") else { return nil }
    guard let address = SocketAddress(host) else {
      throw Failure(.usage, "--host \(Quote.text(host)) is not unix: and a path of 1 to 107 bytes")
    }
    return address
  }

  static func explain(_ error: SocketAddress.UnknownHost) -> String {
    "\(error); --host is a name or an address, as localhost, 127.0.0.1 or ::1"
  }
}
