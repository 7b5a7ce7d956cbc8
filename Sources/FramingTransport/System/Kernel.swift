import CSystemShims

/// The kernel of this machine.
package final class Kernel: SystemCalls {
  /// The one there is.
  package static let real = Kernel()

  package func socket(family: SocketAddress.Family) -> CallResult {
    CallResult(csys_socket(family.shimValue))
  }

  package func bind(_ descriptor: CInt, to address: SocketAddress) -> CallResult {
    withUnsafePointer(to: address.shim) { CallResult(csys_bind(descriptor, $0)) }
  }

  package func listen(_ descriptor: CInt, backlog: CInt) -> CallResult {
    CallResult(csys_listen(descriptor, backlog))
  }

  package func accept(_ descriptor: CInt, peer: inout SocketAddress) -> CallResult {
    var shim = csys_address()
    let result = CallResult(csys_accept(descriptor, &shim))
    if result.errorCode == nil { peer = SocketAddress(shim) }
    return result
  }

  package func connect(_ descriptor: CInt, to address: SocketAddress) -> CallResult {
    withUnsafePointer(to: address.shim) { CallResult(csys_connect(descriptor, $0)) }
  }

  package func set(_ option: SocketOption, on descriptor: CInt) -> CallResult {
    switch option {
    case .reuseAddress: CallResult(csys_reuse_address(descriptor))
    case .noDelay: CallResult(csys_no_delay(descriptor))
    case .ipv6Only(let value): CallResult(csys_ipv6_only(descriptor, value ? 1 : 0))
    case .reusePort: CallResult(csys_reuse_port(descriptor))
    case .sendBuffer(let bytes): CallResult(csys_send_buffer(descriptor, bytes))
    case .receiveBuffer(let bytes): CallResult(csys_receive_buffer(descriptor, bytes))
    case .resetOnClose: CallResult(csys_reset_on_close(descriptor))
    case .deadPeer(let milliseconds): CallResult(csys_dead_peer(descriptor, milliseconds))
    }
  }

  package func takeError(of descriptor: CInt) -> CallResult { CallResult(csys_take_error(descriptor)) }

  package func isConnected(_ descriptor: CInt) -> CallResult { CallResult(csys_is_connected(descriptor)) }

  package func localAddress(of descriptor: CInt, into address: inout SocketAddress) -> CallResult {
    var shim = csys_address()
    let result = CallResult(csys_local_address(descriptor, &shim))
    if result.errorCode == nil { address = SocketAddress(shim) }
    return result
  }

  package func unread(of descriptor: CInt) -> CallResult { CallResult(csys_unread(descriptor)) }

  package func unacknowledged(of descriptor: CInt) -> CallResult {
    CallResult(csys_unacknowledged(descriptor))
  }

  package func receive(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> CallResult {
    Self.receive(descriptor, into: buffer)
  }

  package func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> CallResult {
    Self.send(descriptor, bytes)
  }

  // Without the object as well, as these two are made for each message; see EventLoop+Streams.swift.

  static func receive(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> CallResult {
    CallResult(csys_receive(descriptor, buffer.baseAddress, buffer.count))
  }

  static func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> CallResult {
    CallResult(csys_send(descriptor, bytes.baseAddress, bytes.count))
  }

  package func shutdownWriting(_ descriptor: CInt) -> CallResult {
    CallResult(csys_shutdown_writing(descriptor))
  }

  package func close(_ descriptor: CInt) { _ = csys_close(descriptor) }

  package func status(of path: String, into file: inout FileStatus) -> CallResult {
    var shim = csys_file()
    let result = CallResult(csys_file_status(path, &shim))
    (file.device, file.inode, file.isSocket) = (shim.device, shim.inode, shim.is_socket != 0)
    return result
  }

  package func unlink(_ path: String) -> CallResult { CallResult(csys_unlink(path)) }

  package func resolve(_ query: AddressQuery) { ResolverThreads.shared.resolve(query) }

  package func makeSelector(_ kind: SelectorKind) throws(SystemError) -> any Selector {
    try kind.selector(over: self)
  }

  package func now() -> Int64 { csys_now() }

  // MARK: Waking

  package func openWaker(waiting: inout CInt, writing: inout CInt) -> CallResult {
    CallResult(csys_waker_open(&waiting, &writing))
  }

  package func signalWaker(_ writing: CInt) -> CallResult { CallResult(csys_waker_signal(writing)) }

  package func clearWaker(_ waiting: CInt) { csys_waker_clear(waiting) }

  // MARK: Waiting

  package func isOpen(_ descriptor: CInt) -> Bool { csys_is_open(descriptor) != 0 }

  package func select(
    _ count: Int, readable: UnsafeMutablePointer<UInt64>, writable: UnsafeMutablePointer<UInt64>,
    timeout: Int64?
  ) -> CallResult {
    CallResult(csys_select(CInt(count), readable, writable, timeout ?? -1))
  }

  package func poll(_ entries: UnsafeMutableBufferPointer<pollfd>, timeout: Int64?) -> CallResult {
    CallResult(csys_poll(entries.baseAddress, entries.count, timeout ?? -1))
  }

  package func epollCreate() -> CallResult { CallResult(csys_epoll_create()) }

  package func epollControl(_ epoll: CInt, _ change: EpollChange, _ descriptor: CInt) -> CallResult {
    switch change {
    case .add(let interest, let token):
      CallResult(csys_epoll_add(epoll, descriptor, interest.bits, token))
    case .modify(let interest, let token):
      CallResult(csys_epoll_modify(epoll, descriptor, interest.bits, token))
    case .remove: CallResult(csys_epoll_remove(epoll, descriptor))
    }
  }

  package func epollWait(
    _ epoll: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?
  ) -> CallResult {
    CallResult(csys_epoll_wait(epoll, events.baseAddress, CInt(events.count), timeout ?? -1))
  }

  package func kqueueCreate() -> CallResult { CallResult(csys_kqueue_create()) }

  package func kqueueControl(_ queue: CInt, _ change: KqueueChange, _ descriptor: CInt) -> CallResult {
    switch change {
    case .add(let interest): CallResult(csys_kqueue_add(queue, descriptor, interest.bits))
    case .remove(let interest): CallResult(csys_kqueue_remove(queue, descriptor, interest.bits))
    }
  }

  package func kqueueWait(
    _ queue: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?
  ) -> CallResult {
    CallResult(csys_kqueue_wait(queue, events.baseAddress, CInt(events.count), timeout ?? -1))
  }

  package func isStream(_ descriptor: CInt) -> CallResult { CallResult(csys_is_stream(descriptor)) }

  package func isListening(_ descriptor: CInt) -> CallResult { CallResult(csys_is_listening(descriptor)) }

  package func prepare(_ descriptor: CInt) -> CallResult { CallResult(csys_prepare_inherited(descriptor)) }

  package func datagramSocket() -> CallResult { CallResult(csys_datagram_socket()) }

  package func send(
    _ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress
  ) -> CallResult {
    withUnsafePointer(to: address.shim) {
      CallResult(csys_send_to(descriptor, bytes.baseAddress, bytes.count, $0))
    }
  }

  package func processID() -> CInt { getpid() }
}
