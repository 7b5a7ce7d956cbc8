/// What connections do with their streams for each message, by the number of a descriptor that is open.
///
/// The kernel of this machine is called directly: to find it first, among all that may take its place, counts references
/// and costs as much as what is done with a short message.
extension EventLoop {
  /// See ``Socket/read(into:)``.
  @inline(__always)
  func read(
    _ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Socket.ReadOutcome {
    if !isReal { return try system.read(descriptor, into: buffer) }
    return try Socket.ReadOutcome(into: buffer) { Kernel.receive(descriptor, into: $0) }
  }

  /// See ``Socket/write(_:)``.
  @inline(__always)
  func write(_ descriptor: CInt, _ bytes: Span<UInt8>) throws(SystemError) -> Int {
    if !isReal { return try system.write(descriptor, bytes) }
    return try bytes.withUnsafeBytes { buffer throws(SystemError) in
      try attempt("send") { Kernel.send(descriptor, buffer) } ?? 0
    }
  }
}
