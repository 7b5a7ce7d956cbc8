import CSystemShims

/// Every entry to the kernel that the transport makes, and nothing else. Two of them, the reading and the writing of each
/// message, are made past it where the kernel is that of this machine; see EventLoop+Streams.swift.
///
/// The seam at which a simulated kernel takes the place of the real one. Calls answer at once and raw: repeating after
/// `EINTR`, going on after a short write and all other policy stands above, so that a simulation meets it.
package protocol SystemCalls: AnyObject, Sendable {
  /// A stream socket that does not block, is closed on `exec` and raises no SIGPIPE (`socket`).
  func socket(family: SocketAddress.Family) -> CallResult
  /// `bind`.
  func bind(_ descriptor: CInt, to address: SocketAddress) -> CallResult
  /// `listen`.
  func listen(_ descriptor: CInt, backlog: CInt) -> CallResult
  /// `accept4`; the new socket is as from ``socket(family:)``, and `peer` is set.
  func accept(_ descriptor: CInt, peer: inout SocketAddress) -> CallResult
  /// `connect`.
  func connect(_ descriptor: CInt, to address: SocketAddress) -> CallResult
  /// `setsockopt`.
  func set(_ option: SocketOption, on descriptor: CInt) -> CallResult
  /// `getsockopt` with `SO_ERROR`: the error that the socket met, which this clears; 0 for none.
  func takeError(of descriptor: CInt) -> CallResult
  /// `getpeername`, without the address: `ENOTCONN` as long as a socket is not connected.
  func isConnected(_ descriptor: CInt) -> CallResult
  /// `getsockname`.
  func localAddress(of descriptor: CInt, into address: inout SocketAddress) -> CallResult
  /// `ioctl` with `FIONREAD`: how many bytes have come and were not read.
  func unread(of descriptor: CInt) -> CallResult
  /// `ioctl` with `SIOCOUTQ`: how many bytes were sent that the peer's system has not acknowledged, the end of the stream
  /// counted as one.
  func unacknowledged(of descriptor: CInt) -> CallResult
  /// `recv`; 0 is the end of the stream.
  func receive(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> CallResult
  /// `send` with `MSG_NOSIGNAL`.
  func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> CallResult
  /// `shutdown` with `SHUT_WR`.
  func shutdownWriting(_ descriptor: CInt) -> CallResult
  /// `close`; the descriptor is gone, whatever the answer.
  func close(_ descriptor: CInt)
  /// `lstat`: sets `file` to what is at `path`.
  func status(of path: String, into file: inout FileStatus) -> CallResult
  /// `unlink`.
  func unlink(_ path: String) -> CallResult
  /// `getaddrinfo`, the one call that may take long and does not wait: `query` is answered later, from any thread.
  func resolve(_ query: AddressQuery)
  /// The way to wait for many sockets at once; most often ``SelectorKind/selector(over:)``, which makes the calls below.
  func makeSelector(_ kind: SelectorKind) throws(SystemError) -> any Selector
  /// Nanoseconds on a clock that never goes back (`CLOCK_MONOTONIC`).
  func now() -> Int64

  // What a service manager hands over, and wants to hear.

  /// `getsockopt` with `SO_TYPE`: 1 for a socket of streams, 0 for another.
  func isStream(_ descriptor: CInt) -> CallResult
  /// `getsockopt` with `SO_ACCEPTCONN`: 1 for a socket that listens, 0 for another.
  func isListening(_ descriptor: CInt) -> CallResult
  /// `fcntl`: a descriptor that was opened elsewhere does not block, and is closed on `exec`.
  func prepare(_ descriptor: CInt) -> CallResult
  /// A Unix socket of datagrams that does not block and is closed on `exec` (`socket`).
  func datagramSocket() -> CallResult
  /// `sendto` with `MSG_NOSIGNAL`.
  func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress) -> CallResult
  /// `getpid`.
  func processID() -> CInt

  // What selectors are woken with: from any thread, while another one waits.

  /// `eventfd`, or `pipe` where there is none: stores the end to wait on and the end to write to, which may be the same.
  func openWaker(waiting: inout CInt, writing: inout CInt) -> CallResult
  /// `write` of one, to the end to write to.
  func signalWaker(_ writing: CInt) -> CallResult
  /// `read`, until nothing is left to read at the end to wait on.
  func clearWaker(_ waiting: CInt)

  // What selectors call. Timeouts are in nanoseconds and never end early; `nil` is without end.

  /// Whether a file is open at the descriptor (`fcntl` with `F_GETFD`).
  func isOpen(_ descriptor: CInt) -> Bool
  /// `select`, with a bit for each of `count` descriptors in words of 64; the answer replaces the question.
  func select(
    _ count: Int, readable: UnsafeMutablePointer<UInt64>, writable: UnsafeMutablePointer<UInt64>,
    timeout: Int64?
  ) -> CallResult
  /// `poll`.
  func poll(_ entries: UnsafeMutableBufferPointer<pollfd>, timeout: Int64?) -> CallResult
  /// `epoll_create1` with `EPOLL_CLOEXEC`.
  func epollCreate() -> CallResult
  /// `epoll_ctl`.
  func epollControl(_ epoll: CInt, _ change: EpollChange, _ descriptor: CInt) -> CallResult
  /// `epoll_wait`.
  func epollWait(_ epoll: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?)
    -> CallResult
  /// `kqueue`.
  func kqueueCreate() -> CallResult
  /// `kevent` with one change: `EV_ADD` or `EV_DELETE` of `EVFILT_READ` or `EVFILT_WRITE`.
  func kqueueControl(_ queue: CInt, _ change: KqueueChange, _ descriptor: CInt) -> CallResult
  /// `kevent` without a change; the token of an event is its descriptor.
  func kqueueWait(_ queue: CInt, into events: UnsafeMutableBufferPointer<csys_event>, timeout: Int64?)
    -> CallResult
}

/// What to change about a descriptor in an `epoll`.
package enum EpollChange: Hashable, Sendable {
  /// `EPOLL_CTL_ADD`.
  case add(Interest, token: UInt64)
  /// `EPOLL_CTL_MOD`.
  case modify(Interest, token: UInt64)
  /// `EPOLL_CTL_DEL`.
  case remove
}

/// What to change about a descriptor in a `kqueue`: each interest is a filter of its own.
package enum KqueueChange: Hashable, Sendable {
  /// `EV_ADD`, of one interest.
  case add(Interest)
  /// `EV_DELETE`, of one interest.
  case remove(Interest)
}

/// An option of a socket that the transport sets.
package enum SocketOption: Hashable, Sendable {
  /// `SO_REUSEADDR`: a listener may start while old connections of its address linger.
  case reuseAddress
  /// `TCP_NODELAY`: a message is not held back to be joined with the next one.
  case noDelay
  /// `IPV6_V6ONLY`: whether an IPv6 listener serves IPv6 only; set whatever the system's default.
  case ipv6Only(Bool)
  /// `SO_REUSEPORT`: several sockets may listen at one address.
  case reusePort
  /// `SO_SNDBUF`, in bytes.
  case sendBuffer(bytes: CInt)
  /// `SO_RCVBUF`, in bytes.
  case receiveBuffer(bytes: CInt)
  /// `SO_KEEPALIVE` with its times, and `TCP_USER_TIMEOUT`: a peer that has gone without a word is an error after so many
  /// milliseconds. What is accepted inherits it.
  case deadPeer(milliseconds: CInt)
  /// `SO_LINGER` with 0: `close` resets the connection.
  case resetOnClose
}

/// A file in the file system, as far as it matters for the paths of Unix sockets.
package struct FileStatus: Hashable, Sendable {
  /// Together with ``inode`` what tells it from every other file that there is.
  package var device: UInt64 = 0
  /// See ``device``.
  package var inode: UInt64 = 0
  /// Whether it is the name of a Unix socket.
  package var isSocket = false

  /// Nothing in particular, to be filled.
  package init() {}
}
