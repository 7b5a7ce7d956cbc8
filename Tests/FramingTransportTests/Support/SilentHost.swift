import FramingTransport

/// An address that does not answer who connects to it: a listener whose queue is full drops what comes.
///
/// Linux does so over TCP; other systems may refuse instead.
struct SilentHost: ~Copyable {
  let address: SocketAddress
  private let listener: Socket
  private let filler: Socket

  /// - Parameter address: A loopback address; port 0 for any.
  init(at address: SocketAddress = .loopback(port: 0)) throws {
    var options = ListenOptions()
    options.backlog = 0
    let listener = try Socket.listening(at: address, options: options)
    let bound = try listener.localAddress()
    filler = try Socket.connecting(to: bound, system: Kernel.real)
    self.listener = listener
    self.address = bound
    Poll.wait(filler.descriptor, for: .writable)
  }
}
