import FramingTransport
import ToolSupport

/// What `--host` and `--port` name.
enum Host {
  /// The addresses to try, in their order.
  static func addresses(of host: String, port: UInt16) throws(Failure) -> [SocketAddress] {
    if host.hasPrefix("unix:") {
      guard let address = SocketAddress(host) else {
        throw Failure(.usage, "--host \(Quote.text(host)) is not unix: and a path of 1 to 107 bytes")
      }
      return [address]
    }
    do throws(SocketAddress.UnknownHost) {
      return try SocketAddress.resolve(host: host, port: port)
    } catch {
      throw Failure(.unavailable, "\(error); --host is a name or an address, as localhost, 127.0.0.1 or ::1")
    }
  }
}
