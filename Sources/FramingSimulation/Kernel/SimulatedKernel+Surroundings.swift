import CSystemShims
import FramingTransport

/// What surrounds the sockets of a process: a file system for their paths, names of hosts, and a service manager.
extension SimulatedKernel {
  package func status(of path: String, into file: inout FileStatus) -> CallResult {
    guard let found = state.withLock({ $0.world.paths.first { $0.path == path } }) else {
      return .error(ENOENT)
    }
    file.inode = found.inode
    file.isSocket = true
    return CallResult(0)
  }

  package func unlink(_ path: String) -> CallResult {
    state.withLock { state in
      guard let index = state.world.paths.firstIndex(where: { $0.path == path }) else {
        return .error(ENOENT)
      }
      state.world.paths.remove(at: index)
      return CallResult(0)
    }
  }

  package func resolve(_ query: AddressQuery) {
    let addresses = state.withLock { state in
      state.world.hosts.first { $0.name == query.host }?.addresses.map { $0.with(port: query.port) }
    }
    // Not under the lock: the answer wakes a loop.
    query.answer(
      addresses.map { .success($0) }
        ?? .failure(
          SocketAddress.UnknownHost(host: query.host, reason: "the simulated network does not know it")))
  }

  // MARK: What a service manager hands over, and wants to hear

  package func isStream(_ descriptor: CInt) -> CallResult {
    call(.getOption, descriptor) { world, fault in
      if let failure = fault?.failure { return failure }
      if world[descriptor] is DatagramFile { return CallResult(0) }
      return world.socket(descriptor) == nil
        ? .error(world[descriptor] == nil ? EBADF : ENOTSOCK) : CallResult(1)
    }
  }

  package func isListening(_ descriptor: CInt) -> CallResult {
    call(.getOption, descriptor) { _, socket, fault in
      if let failure = fault?.failure { return failure }
      if case .listening = socket.state { return CallResult(1) }
      return CallResult(0)
    }
  }

  package func prepare(_ descriptor: CInt) -> CallResult {
    call(.getOption, descriptor) { world, fault in
      fault?.failure ?? (world[descriptor] == nil ? .error(EBADF) : CallResult(0))
    }
  }

  package func datagramSocket() -> CallResult {
    call(.socket) { world, fault in fault?.failure ?? world.open(DatagramFile()) }
  }

  package func send(
    _ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress
  ) -> CallResult {
    call(.send, descriptor) { world, fault in
      fault?.failure ?? (world[descriptor] is DatagramFile ? CallResult(bytes.count) : .error(ENOTSOCK))
    }
  }

  package func processID() -> CInt { 1 }
}
