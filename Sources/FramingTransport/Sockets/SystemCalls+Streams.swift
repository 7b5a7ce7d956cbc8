/// What ``Socket`` does with a stream, by the number of a descriptor that is open: for an owner who reads and writes for
/// each message, and for whom looking at the stored socket each time would cost more.
extension SystemCalls {
  /// See ``Socket/read(into:)``.
  func read(
    _ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Socket.ReadOutcome {
    precondition(!buffer.isEmpty, "an empty read looks like the end of the stream")
    guard let count = try attempt("recv", { receive(descriptor, into: buffer) }) else { return .wouldBlock }
    return count == 0 ? .ended : .bytes(count)
  }

  /// See ``Socket/write(_:)``.
  func write(_ descriptor: CInt, _ bytes: Span<UInt8>) throws(SystemError) -> Int {
    try bytes.withUnsafeBytes { buffer throws(SystemError) in
      try attempt("send") { send(descriptor, buffer) } ?? 0
    }
  }

  /// See ``Socket/shutdownWriting()``.
  func endWriting(_ descriptor: CInt) throws(SystemError) {
    _ = try attempt("shutdown") { shutdownWriting(descriptor) }
  }

  /// See ``Socket/resetOnClose()``.
  func resetOnClose(_ descriptor: CInt) {
    _ = try? attempt("setsockopt") { set(.resetOnClose, on: descriptor) }
  }
}
