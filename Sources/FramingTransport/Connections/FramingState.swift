import Framing

/// The decoder and the encoder of one connection, in one piece of memory of their own.
///
///     | header | decoder | encoder |
///
/// A pointer, not an object and not properties of one: to count references, and to check each access for others at the same
/// time when the program runs, costs more than to find a frame. What these would prove holds by construction. A connection
/// owns its states alone and destroys each of them; it is an actor, so no two threads are here at once; and inside of
/// ``deliver(to:of:)``, while its handler runs or others are told that it threw, nothing asks for the decoder
/// (`FramedConnection.isDelivering`), and the encoder lies beside it and not in it.
// Unchecked: see above.
@usableFromInline
struct FramingState: @unchecked Sendable {
  /// What is needed without knowing the framer's type. Its buffers lie in the decoder and in the encoder: bytes come and go
  /// without a call through a pointer, only what a frame is has to be asked for.
  @usableFromInline
  struct Header {
    /// What knows the type of the framer; lives at least as long as the state.
    @usableFromInline let framing: Unmanaged<ConnectionFraming>
    /// What came and was not taken with a message.
    @usableFromInline let input: UnsafeMutablePointer<FrameBuffer>
    /// What is framed and waits to be sent.
    @usableFromInline let output: UnsafeMutablePointer<FrameBuffer>

    @inlinable
    init(
      _ framing: ConnectionFraming, input: UnsafeMutablePointer<FrameBuffer>,
      output: UnsafeMutablePointer<FrameBuffer>
    ) {
      self.framing = .passRetained(framing)
      self.input = input
      self.output = output
    }
  }

  @usableFromInline let header: UnsafeMutablePointer<Header>

  // MARK: Where the framer's type is known

  @inlinable
  init<F: Framer>(_ framer: F, of framing: ConnectionFraming) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: FramingLayout<F>.size, alignment: FramingLayout<F>.alignment)
    header = memory.bindMemory(to: Header.self, capacity: 1)
    decoder(F.self).initialize(to: FrameDecoder(framer))
    encoder(F.self).initialize(to: FrameEncoder(framer))
    // Sound: stored properties of what does not move before it is deinitialized.
    let input = withUnsafeMutablePointer(to: &decoder(F.self).pointee.buffer) { $0 }
    let output = withUnsafeMutablePointer(to: &encoder(F.self).pointee.buffer) { $0 }
    header.initialize(to: Header(framing, input: input, output: output))
  }

  @inlinable
  func deinitialize<F: Framer>(_: F.Type) {
    decoder(F.self).deinitialize(count: 1)
    encoder(F.self).deinitialize(count: 1)
    header.pointee.framing.release()
    UnsafeMutableRawPointer(header).deallocate()
  }

  @inlinable
  func decoder<F: Framer>(_: F.Type) -> UnsafeMutablePointer<FrameDecoder<F>> {
    (UnsafeMutableRawPointer(header) + FramingLayout<F>.decoder).assumingMemoryBound(to: FrameDecoder<F>.self)
  }

  @inlinable
  func encoder<F: Framer>(_: F.Type) -> UnsafeMutablePointer<FrameEncoder<F>> {
    (UnsafeMutableRawPointer(header) + FramingLayout<F>.encoder).assumingMemoryBound(to: FrameEncoder<F>.self)
  }
}

/// Where things lie in the memory of a ``FramingState``.
@usableFromInline
enum FramingLayout<F: Framer> {
  @inlinable static var decoder: Int {
    aligned(MemoryLayout<FramingState.Header>.size, MemoryLayout<FrameDecoder<F>>.alignment)
  }
  @inlinable static var encoder: Int {
    aligned(decoder + MemoryLayout<FrameDecoder<F>>.size, MemoryLayout<FrameEncoder<F>>.alignment)
  }
  @inlinable static var size: Int { encoder + MemoryLayout<FrameEncoder<F>>.size }
  @inlinable static var alignment: Int {
    max(
      MemoryLayout<FramingState.Header>.alignment, MemoryLayout<FrameDecoder<F>>.alignment,
      MemoryLayout<FrameEncoder<F>>.alignment)
  }

  /// The first multiple of `alignment`, a power of two, at or behind `offset`.
  @inlinable
  static func aligned(_ offset: Int, _ alignment: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }
}

// As a connection uses it, which does not know the framer's type; see ``ConnectionFraming`` for each.
extension FramingState {
  // MARK: Bytes, of whatever framing

  /// See ``FrameDecoder/unreadCount``.
  var unreadCount: Int { input.pointee.count }
  /// How many framed bytes wait to be sent.
  var outputCount: Int { output.pointee.count }
  /// Whether memory is held for what came.
  var holdsInput: Bool { input.pointee.capacity > 0 }
  /// Whether memory is held for what is framed.
  var holdsOutput: Bool { output.pointee.capacity > 0 }
  /// How many bytes of memory both directions hold.
  var capacity: Int { input.pointee.capacity + output.pointee.capacity }

  /// See ``FrameBuffer/fill(room:_:)``. Not after an error that was final, nor after ``finish()``.
  func fill(room: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
    _ = input.pointee.fill(room: room, body)
  }
  /// Calls the body with the framed bytes, and removes as many as it answers.
  func send(_ body: (Span<UInt8>) -> Int) { output.pointee.removeFirst(output.pointee.withBytes(body)) }
  /// Drops the framed bytes.
  func dropOutput() { output.pointee.removeAll() }
  /// See ``FrameBuffer/exchange(with:carrying:)``.
  func exchangeInput(with spare: inout FrameBuffer, carrying limit: Int) {
    input.pointee.exchange(with: &spare, carrying: limit)
  }
  /// See ``FrameBuffer/exchange(with:carrying:)``.
  func exchangeOutput(with spare: inout FrameBuffer) { output.pointee.exchange(with: &spare) }

  private var input: UnsafeMutablePointer<FrameBuffer> { header.pointee.input }
  private var output: UnsafeMutablePointer<FrameBuffer> { header.pointee.output }

  // MARK: Frames, of this framing

  var hasFailed: Bool { framing.hasFailed(self) }
  var missingCount: Int { framing.missingCount(self) }
  var offset: UInt64 { framing.offset(self) }

  func next() throws(FramingError) -> [UInt8]? {
    try withFraming { (framing) throws(FramingError) in try framing.next(self) }
  }
  func deliver(
    to handler: FramedConnection.MessageHandler, of connection: isolated FramedConnection
  ) throws(FramingError) {
    try withFraming { (framing) throws(FramingError) in try framing.deliver(self, handler, connection) }
  }
  func finish() throws(FramingError) {
    try withFraming { (framing) throws(FramingError) in try framing.finish(self) }
  }
  /// Answers how many framed bytes wait to be sent.
  @inline(__always)
  func encode(_ message: Span<UInt8>) throws(FramingError) -> Int {
    try withFraming { (framing) throws(FramingError) in try framing.encode(self, message) }
  }

  // MARK: Another framing

  /// Goes on behind the framed bytes of `other`, which loses them.
  func adoptOutput(of other: FramingState) {
    framing.adoptOutput(self, other.framing.releaseOutput(other))
  }
  /// Goes on with the unread bytes of `other`, which loses them.
  func adoptInput(of other: FramingState) {
    framing.adoptInput(self, other.framing.releaseInput(other))
  }

  func destroy() { framing.destroyState(self) }

  private var framing: ConnectionFraming { header.pointee.framing.takeUnretainedValue() }

  /// As ``framing``, without counting a reference: that would cost more than what is called.
  @inline(__always)
  private func withFraming<Value>(
    _ body: (ConnectionFraming) throws(FramingError) -> Value
  ) throws(FramingError) -> Value {
    let result = header.pointee.framing._withUnsafeGuaranteedRef { framing -> Result<Value, FramingError> in
      do throws(FramingError) { return .success(try body(framing)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
