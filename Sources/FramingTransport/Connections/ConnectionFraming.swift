import Framing

/// Both directions of one connection's framing, as one type for all framers.
///
/// A connection is not generic. What depends on the framer is in functions that are made where the framer's type is
/// known, so that they are specialised for it: one call through a pointer for a chunk, not for a byte. They are made once
/// for a server and shared by its connections.
@usableFromInline
final class ConnectionFraming: Sendable {
  /// The state of one connection; an instance of ``FramingState``, whose type the functions know.
  @usableFromInline
  typealias State = AnyObject

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
  /// How many framed bytes wait to be sent.
  @usableFromInline let outputCount: @Sendable (State) -> Int
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
    fill = { state, room, body in typed(state, F.self).decoder.fill(room: room, body) }
    next = { (state) throws(FramingError) in try typed(state, F.self).decoder.next() }
    deliver = { (state, body) throws(FramingError) in
      let state = typed(state, F.self)
      while let goOn = try state.decoder.withNextMessage(body) { if !goOn { return } }
    }
    finish = { (state) throws(FramingError) in try typed(state, F.self).decoder.finish() }
    hasFailed = { state in typed(state, F.self).decoder.failure != nil }
    inputCounts = { state in
      let state = typed(state, F.self)
      return (state.decoder.unreadCount, state.decoder.missingCount, state.decoder.offset)
    }
    encode = { (state, message) throws(FramingError) in try typed(state, F.self).encoder.append(message) }
    outputCount = { state in typed(state, F.self).encoder.count }
    send = { state, body in
      let state = typed(state, F.self)
      state.encoder.removeFirst(state.encoder.withBytes(body))
    }
    dropOutput = { state in typed(state, F.self).encoder.removeAll() }
    capacity = { state in
      let state = typed(state, F.self)
      return state.decoder.capacity + state.encoder.capacity
    }
    exchangeInput = { state, spare, limit in
      typed(state, F.self).decoder.exchangeBuffer(with: &spare, carrying: limit)
    }
    exchangeOutput = { state, spare in typed(state, F.self).encoder.exchangeBuffer(with: &spare) }
    releaseInput = { state in
      var decoder = FrameDecoder(framer)
      swap(&decoder, &typed(state, F.self).decoder)
      return decoder.changing(to: Unread())
    }
    releaseOutput = { state in
      var encoder = FrameEncoder(framer)
      swap(&encoder, &typed(state, F.self).encoder)
      return encoder.changing(to: Unread())
    }
    adoptInput = { state, input in typed(state, F.self).decoder = input.changing(to: framer) }
    adoptOutput = { state, output in typed(state, F.self).encoder = output.changing(to: framer) }
  }
}

/// The decoder and the encoder of one connection.
@usableFromInline
final class FramingState<F: Framer> {
  @usableFromInline var decoder: FrameDecoder<F>
  @usableFromInline var encoder: FrameEncoder<F>

  @inlinable
  init(_ framer: F) {
    decoder = FrameDecoder(framer)
    encoder = FrameEncoder(framer)
  }
}

@inlinable
func typed<F: Framer>(_ state: AnyObject, _: F.Type) -> FramingState<F> {
  unsafeDowncast(state, to: FramingState<F>.self)
}
