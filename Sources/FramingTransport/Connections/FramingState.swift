import Framing

/// The decoder and the encoder of one connection, in one piece of memory of their own.
///
///     | header | decoder | encoder |
///
/// A pointer, not an object and not properties of one: to count references, and to check each access for others at the same
/// time when the program runs, costs more than to find a frame. What these would prove holds by construction. A connection
/// owns its states alone and destroys each of them; it is an actor, so no two threads are here at once; and while its
/// handler runs, inside of ``deliver(_:)``, nothing asks for the decoder (`FramedConnection.isDelivering`), and the encoder
/// lies beside it and not in it.
// Unchecked: see above.
@usableFromInline
struct FramingState: @unchecked Sendable {
  /// What is asked for several times a message, so that it is found without the framer's type.
  @usableFromInline
  struct Header {
    /// What knows the type of the framer.
    @usableFromInline let functions: UnsafeMutablePointer<FramingFunctions>
    /// Keeps the functions alive as long as the state lives.
    @usableFromInline let framing: Unmanaged<ConnectionFraming>
    /// How many framed bytes wait to be sent.
    @usableFromInline var outputCount = 0
    /// See ``FrameDecoder/unreadCount``.
    @usableFromInline var unreadCount = 0
    /// See ``FrameDecoder/missingCount``.
    @usableFromInline var missingCount = 1
    /// See ``FrameDecoder/offset``.
    @usableFromInline var offset: UInt64 = 0

    @inlinable
    init(_ framing: ConnectionFraming) {
      self.functions = framing.functions
      self.framing = .passRetained(framing)
    }
  }

  @usableFromInline let header: UnsafeMutablePointer<Header>

  // MARK: Where the framer's type is known

  @inlinable
  init<F: Framer>(_ framer: F, of framing: ConnectionFraming) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: FramingLayout<F>.size, alignment: FramingLayout<F>.alignment)
    header = memory.initializeMemory(as: Header.self, to: Header(framing))
    decoder(F.self).initialize(to: FrameDecoder(framer))
    encoder(F.self).initialize(to: FrameEncoder(framer))
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

  /// After the encoder was used: keeps its count.
  @inlinable
  func count<F: Framer>(_ encoder: UnsafeMutablePointer<FrameEncoder<F>>) {
    header.pointee.outputCount = encoder.pointee.count
  }

  /// After the decoder was used: keeps its counts.
  @inlinable
  func count<F: Framer>(_ decoder: UnsafeMutablePointer<FrameDecoder<F>>) {
    header.pointee.unreadCount = decoder.pointee.unreadCount
    header.pointee.missingCount = decoder.pointee.missingCount
    header.pointee.offset = decoder.pointee.offset
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
  var outputCount: Int { header.pointee.outputCount }
  var unreadCount: Int { header.pointee.unreadCount }
  var missingCount: Int { header.pointee.missingCount }
  var offset: UInt64 { header.pointee.offset }

  var hasFailed: Bool { functions.pointee.hasFailed(self) }
  var capacity: Int { functions.pointee.capacity(self) }

  func fill(room: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
    functions.pointee.fill(self, room, body)
  }
  func next() throws(FramingError) -> [UInt8]? { try functions.pointee.next(self) }
  func deliver(_ body: (Span<UInt8>) -> Bool) throws(FramingError) {
    try functions.pointee.deliver(self, body)
  }
  func finish() throws(FramingError) { try functions.pointee.finish(self) }
  func encode(_ message: Span<UInt8>) throws(FramingError) { try functions.pointee.encode(self, message) }
  func send(_ body: (Span<UInt8>) -> Int) { functions.pointee.send(self, body) }
  func dropOutput() { functions.pointee.dropOutput(self) }
  func exchangeInput(with spare: inout FrameBuffer, carrying limit: Int) {
    functions.pointee.exchangeInput(self, &spare, limit)
  }
  func exchangeOutput(with spare: inout FrameBuffer) { functions.pointee.exchangeOutput(self, &spare) }

  /// Goes on behind the framed bytes of `other`, which loses them.
  func adoptOutput(of other: FramingState) {
    functions.pointee.adoptOutput(self, other.functions.pointee.releaseOutput(other))
  }
  /// Goes on with the unread bytes of `other`, which loses them.
  func adoptInput(of other: FramingState) {
    functions.pointee.adoptInput(self, other.functions.pointee.releaseInput(other))
  }

  func destroy() { functions.pointee.destroyState(self) }

  private var functions: UnsafeMutablePointer<FramingFunctions> { header.pointee.functions }
}
