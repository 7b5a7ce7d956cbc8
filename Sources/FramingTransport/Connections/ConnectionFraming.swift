import Framing

/// Both directions of one connection's framing, as one type for all framers.
///
/// A connection is not generic. What depends on the framer is in functions that are made where the framer's type is
/// known, so that they are specialised for it: one call through a pointer for a chunk, not for a byte. They are made once
/// for a server and shared by its connections.
@usableFromInline
final class ConnectionFraming: Sendable {
  /// The state of one connection.
  @usableFromInline
  typealias State = FramingState

  /// A state at the beginning of both streams.
  @usableFromInline let makeState: @Sendable () -> State
  /// See ``FrameDecoder/fill(room:_:)``.
  @usableFromInline let fill: @Sendable (State, Int, (UnsafeMutableRawBufferPointer) -> Int) -> Int
  /// See ``FrameDecoder/next()``.
  @usableFromInline let next: @Sendable (State) throws(FramingError) -> [UInt8]?
  /// Calls the body with each whole message until there is none, or the body answers that it is enough.
  @usableFromInline let deliver: @Sendable (State, (Span<UInt8>) -> Bool) throws(FramingError) -> Void
  /// See ``FrameDecoder/finish()``.
  @usableFromInline let finish: @Sendable (State) throws(FramingError) -> Void
  /// Whether an error was final; see ``FrameDecoder/failure``.
  @usableFromInline let hasFailed: @Sendable (State) -> Bool
  /// How many bytes are unread, how many more the next message needs at least, and how many were read before.
  @usableFromInline let inputCounts: @Sendable (State) -> (unread: Int, missing: Int, offset: UInt64)
  /// See ``FrameEncoder/append(_:)``.
  @usableFromInline let encode: @Sendable (State, Span<UInt8>) throws(FramingError) -> Void
  /// Calls the body with the framed bytes, and removes as many as it answers.
  @usableFromInline let send: @Sendable (State, (Span<UInt8>) -> Int) -> Void
  /// Drops the framed bytes.
  @usableFromInline let dropOutput: @Sendable (State) -> Void
  /// How many bytes of memory both directions hold.
  @usableFromInline let capacity: @Sendable (State) -> Int
  /// See ``FrameBuffer/exchange(with:carrying:)``.
  @usableFromInline let exchangeInput: @Sendable (State, inout FrameBuffer, Int) -> Void
  /// See ``FrameBuffer/exchange(with:carrying:)``.
  @usableFromInline let exchangeOutput: @Sendable (State, inout FrameBuffer) -> Void

  // Handing over to another framing, in the middle of both streams.

  /// Takes the unread bytes out of a state.
  @usableFromInline let releaseInput: @Sendable (State) -> FrameDecoder<Unread>
  /// Takes the framed bytes that wait to be sent out of a state.
  @usableFromInline let releaseOutput: @Sendable (State) -> FrameEncoder<Unread>
  /// Goes on with the unread bytes of another framing.
  @usableFromInline let adoptInput: @Sendable (State, consuming FrameDecoder<Unread>) -> Void
  /// Goes on behind the framed bytes of another framing.
  @usableFromInline let adoptOutput: @Sendable (State, consuming FrameEncoder<Unread>) -> Void

  /// The type that stands for "any framer" while bytes pass from one framing to another; it is never asked.
  @usableFromInline
  typealias Unread = CloseTerminatedFramer

  /// The framing that `framer` makes.
  @inlinable
  init<F: Framer>(_ framer: F) {
    makeState = { FramingState(framer) }
    fill = { state, room, body in typedDecoder(state, F.self).pointee.fill(room: room, body) }
    next = { (state) throws(FramingError) in try typedDecoder(state, F.self).pointee.next() }
    deliver = { (state, body) throws(FramingError) in
      let decoder = typedDecoder(state, F.self)
      while let goOn = try decoder.pointee.withNextMessage(body) { if !goOn { return } }
    }
    finish = { (state) throws(FramingError) in try typedDecoder(state, F.self).pointee.finish() }
    hasFailed = { state in typedDecoder(state, F.self).pointee.failure != nil }
    inputCounts = { state in
      let decoder = typedDecoder(state, F.self)
      return (decoder.pointee.unreadCount, decoder.pointee.missingCount, decoder.pointee.offset)
    }
    encode = { (state, message) throws(FramingError) in
      let encoder = typedEncoder(state, F.self)
      try encoder.pointee.append(message)
      state.count(encoder)
    }
    capacity = { state in
      typedDecoder(state, F.self).pointee.capacity + typedEncoder(state, F.self).pointee.capacity
    }
    send = { state, body in
      let encoder = typedEncoder(state, F.self)
      encoder.pointee.removeFirst(encoder.pointee.withBytes(body))
      state.count(encoder)
    }
    dropOutput = { state in
      let encoder = typedEncoder(state, F.self)
      encoder.pointee.removeAll()
      state.count(encoder)
    }
    exchangeInput = { state, spare, limit in
      typedDecoder(state, F.self).pointee.exchangeBuffer(with: &spare, carrying: limit)
    }
    exchangeOutput = { state, spare in
      let encoder = typedEncoder(state, F.self)
      encoder.pointee.exchangeBuffer(with: &spare)
      state.count(encoder)
    }
    releaseInput = { state in
      var released = FrameDecoder(framer)
      swap(&released, &typedDecoder(state, F.self).pointee)
      return released.changing(to: Unread())
    }
    releaseOutput = { state in
      let encoder = typedEncoder(state, F.self)
      var released = FrameEncoder(framer)
      swap(&released, &encoder.pointee)
      state.count(encoder)
      return released.changing(to: Unread())
    }
    adoptInput = { state, input in typedDecoder(state, F.self).pointee = input.changing(to: framer) }
    adoptOutput = { state, output in
      let encoder = typedEncoder(state, F.self)
      encoder.pointee = output.changing(to: framer)
      state.count(encoder)
    }
  }

  /// How many framed bytes wait to be sent.
  func outputCount(_ state: State) -> Int { state.outputCount.pointee }
}

/// The decoder and the encoder of one connection, in memory of their own.
///
/// Not in properties of the object: each access to one is checked for others at the same time when the program runs, which
/// costs more than finding a frame. What these checks would prove holds by construction: a connection is an actor, so
/// no two threads are here at once, and while its handler runs, inside of `deliver`, nothing asks for the decoder
/// (`FramedConnection.isDelivering`); the encoder lies beside it and not in it.
@usableFromInline
final class FramingState {
  /// How many framed bytes wait to be sent; asked for several times a message, so it is found without the framer's type.
  @usableFromInline let outputCount: UnsafeMutablePointer<Int>
  private let destroy: @Sendable (UnsafeMutablePointer<Int>) -> Void

  @inlinable
  convenience init<F: Framer>(_ framer: F) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: FramingLayout<F>.size, alignment: FramingLayout<F>.alignment)
    let count = memory.initializeMemory(as: Int.self, to: 0)
    (memory + FramingLayout<F>.decoder).initializeMemory(as: FrameDecoder<F>.self, to: FrameDecoder(framer))
    (memory + FramingLayout<F>.encoder).initializeMemory(as: FrameEncoder<F>.self, to: FrameEncoder(framer))
    self.init(count) { count in
      let memory = UnsafeMutableRawPointer(count)
      (memory + FramingLayout<F>.decoder).assumingMemoryBound(to: FrameDecoder<F>.self).deinitialize(count: 1)
      (memory + FramingLayout<F>.encoder).assumingMemoryBound(to: FrameEncoder<F>.self).deinitialize(count: 1)
      memory.deallocate()
    }
  }

  @usableFromInline
  init(
    _ outputCount: UnsafeMutablePointer<Int>, destroy: @escaping @Sendable (UnsafeMutablePointer<Int>) -> Void
  ) {
    self.outputCount = outputCount
    self.destroy = destroy
  }

  deinit { destroy(outputCount) }

  /// After the encoder was used: keeps its count.
  @inlinable
  func count<F: Framer>(_ encoder: UnsafeMutablePointer<FrameEncoder<F>>) {
    outputCount.pointee = encoder.pointee.count
  }
}

/// Where things lie in the memory of a ``FramingState``: the count at its front, then the decoder and the encoder.
@usableFromInline
enum FramingLayout<F: Framer> {
  @inlinable static var decoder: Int {
    aligned(MemoryLayout<Int>.size, MemoryLayout<FrameDecoder<F>>.alignment)
  }
  @inlinable static var encoder: Int {
    aligned(decoder + MemoryLayout<FrameDecoder<F>>.size, MemoryLayout<FrameEncoder<F>>.alignment)
  }
  @inlinable static var size: Int { encoder + MemoryLayout<FrameEncoder<F>>.size }
  @inlinable static var alignment: Int {
    max(
      MemoryLayout<Int>.alignment, MemoryLayout<FrameDecoder<F>>.alignment,
      MemoryLayout<FrameEncoder<F>>.alignment)
  }

  /// The first multiple of `alignment`, a power of two, at or behind `offset`.
  @inlinable
  static func aligned(_ offset: Int, _ alignment: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }
}

@inlinable
func typedDecoder<F: Framer>(_ state: FramingState, _: F.Type) -> UnsafeMutablePointer<FrameDecoder<F>> {
  (UnsafeMutableRawPointer(state.outputCount) + FramingLayout<F>.decoder)
    .assumingMemoryBound(to: FrameDecoder<F>.self)
}

@inlinable
func typedEncoder<F: Framer>(_ state: FramingState, _: F.Type) -> UnsafeMutablePointer<FrameEncoder<F>> {
  (UnsafeMutableRawPointer(state.outputCount) + FramingLayout<F>.encoder)
    .assumingMemoryBound(to: FrameEncoder<F>.self)
}
