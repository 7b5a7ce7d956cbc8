/// What ``Socket`` does with a stream, by the number of a descriptor that is open: for owners who have no socket at hand.
extension SystemCalls {
  /// See ``Socket/read(into:)``.
  func read(
    _ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Socket.ReadOutcome {
    try Socket.ReadOutcome(into: buffer) { receive(descriptor, into: $0) }
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

extension Socket.ReadOutcome {
  /// What comes of `receive`, which is made again after `EINTR`.
  @inline(__always)
  init(
    into buffer: UnsafeMutableRawBufferPointer, _ receive: (UnsafeMutableRawBufferPointer) -> CallResult
  ) throws(SystemError) {
    precondition(!buffer.isEmpty, "an empty read looks like the end of the stream")
    switch try attempt("recv", { receive(buffer) }) {
    case nil: self = .wouldBlock
    case 0?: self = .ended
    case let count?: self = .bytes(count)
    }
  }
}
