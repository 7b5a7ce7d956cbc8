import CSystemShims

extension Socket {
  /// The listening socket that the service manager handed over, which closes it from now on.
  ///
  /// It does not block, and it is closed on `exec`. Not blocking is a property that the service manager's descriptor
  /// shares, and so do others who hold the socket. The path of a Unix socket belongs to the service manager: do not
  /// remove it. The corresponding C functions are `getsockopt` and `fcntl`.
  ///
  /// - Parameters:
  ///   - inherited: What ``SocketActivation/inherited()`` answered; to be taken over once.
  ///   - options: What connections have that are accepted.
  /// - Throws: ``SystemError`` if it is not open, no socket, not one of streams, or does not listen: it is left as it
  ///   was. One that refuses an option is closed.
  public static func takingOver(
    _ inherited: InheritedSocket, options: SocketOptions = SocketOptions()
  ) throws(SystemError) -> Socket {
    try takingOver(inherited, options: options, system: Kernel.real)
  }

  package static func takingOver(
    _ inherited: InheritedSocket, options: SocketOptions = SocketOptions(), system: any SystemCalls
  ) throws(SystemError) -> Socket {
    let descriptor = inherited.descriptor
    let subject = "descriptor \(descriptor) (\(inherited.name))"
    guard try attempt("getsockopt SO_TYPE", on: subject, { system.isStream(descriptor) }) == 1 else {
      throw SystemError(call: "a socket of streams is needed:", code: EPROTOTYPE, subject: subject)
    }
    guard try attempt("getsockopt SO_ACCEPTCONN", on: subject, { system.isListening(descriptor) }) == 1 else {
      throw SystemError(call: "a socket that listens is needed:", code: EINVAL, subject: subject)
    }
    _ = try attempt("fcntl", on: subject) { system.prepare(descriptor) }
    var socket = Socket(descriptor: descriptor, system: system)
    try socket.setOnAccepted(options, family: socket.localAddress().family)
    return socket
  }
}
