import CSystemShims

/// The path in the file system that a listening Unix socket has made, and that goes with it.
final class BoundPath: Sendable {
  private let path: String
  private let file: FileStatus
  private let system: any SystemCalls

  private init(path: String, file: FileStatus, system: any SystemCalls) {
    self.path = path
    self.file = file
    self.system = system
  }

  /// Binds a socket to `address`, after it has removed a dead path if `existing` lets it.
  ///
  /// - Returns: The path that has been made; `nil` for other addresses than Unix paths, abstract names among them.
  static func bind(
    _ descriptor: CInt, to address: SocketAddress, _ existing: ListenOptions.ExistingPath,
    system: any SystemCalls
  ) throws(SystemError) -> BoundPath? {
    func bind() throws(SystemError) {
      _ = try attempt("bind", on: "\(address)") { system.bind(descriptor, to: address) }
    }
    guard case .unix(let path) = address, !path.hasPrefix("@") else {
      try bind()
      return nil
    }
    do throws(SystemError) {
      try bind()
    } catch {
      guard error.code == EADDRINUSE, existing == .replacedIfDead else { throw error }
      try removeIfDead(address, at: path, system: system)
      try bind()
    }
    var file = FileStatus()
    do throws(SystemError) {
      _ = try attempt("lstat", on: path) { system.status(of: path, into: &file) }
    } catch {
      _ = system.unlink(path)  // It was made just now, and nobody would know whose it is.
      throw error
    }
    return BoundPath(path: path, file: file, system: system)
  }

  /// Removes the path if it is still the one that was made. To be called while its socket is open: until then no other file
  /// has its inode.
  func remove() {
    var now = FileStatus()
    let result = system.status(of: path, into: &now)
    // Another server may have been given the path meanwhile, by hand. If it cannot be removed, the next one finds it dead.
    if result.errorCode == nil && now == file { _ = system.unlink(path) }
  }

  /// Removes the path of `address` if it is that of a socket at which nobody listens.
  ///
  /// - Throws: ``SystemError`` with `EADDRINUSE` if somebody may, `ENOTSOCK` if it is no socket.
  private static func removeIfDead(
    _ address: SocketAddress, at path: String, system: any SystemCalls
  ) throws(SystemError) {
    var file = FileStatus()
    _ = try attempt("lstat", on: path) { system.status(of: path, into: &file) }
    guard file.isSocket else { throw SystemError(call: "bind", code: ENOTSOCK, subject: "\(address)") }
    // A live server sees a connection that ends without a word.
    guard try !isServed(address, system: system) else {
      throw SystemError(call: "bind", code: EADDRINUSE, subject: "\(address)")
    }
    do throws(SystemError) {
      _ = try attempt("unlink", on: path) { system.unlink(path) }
    } catch {
      if error.code != ENOENT { throw error }  // Who else removes dead paths was faster.
    }
  }

  /// Whether anything but "refused" comes of connecting: it may be served by others, or be so busy that it has no room.
  private static func isServed(_ address: SocketAddress, system: any SystemCalls) throws(SystemError) -> Bool
  {
    do throws(SystemError) {
      _ = try Socket.connecting(to: address, system: system).descriptor
      return true
    } catch {
      if error.call == "socket" { throw error }
      return error.code != ECONNREFUSED
    }
  }
}
