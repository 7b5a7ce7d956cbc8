import CSystemShims

extension Socket {
  /// The listening socket that the service manager handed over, which closes it from now on.
  ///
  /// It does not block, and it is closed on `exec`. Not blocking is a property that the service manager's descriptor
  /// shares, and so do others who hold the socket. The path of a Unix socket belongs to the service manager: do not
  /// remove it. The corresponding C functions are `getsockopt` and `fcntl`.
  ///
  /// - Parameter inherited: What ``SocketActivation/inherited()`` answered; to be taken over once.
  /// - Throws: ``SystemError`` if it is not open, no socket, not one of streams, or does not listen. It is left as it was.
  public static func takingOver(_ inherited: InheritedSocket) throws(SystemError) -> Socket {
    try takingOver(inherited, system: Kernel.real)
  }

  package static func takingOver(
    _ inherited: InheritedSocket, system: any SystemCalls
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
    return Socket(descriptor: descriptor, system: system)
  }
}
