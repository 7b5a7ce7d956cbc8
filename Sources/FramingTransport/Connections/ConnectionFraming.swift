import Framing

/// What a connection does with its framer, as one type for all framers.
///
/// A connection is not generic. What depends on the framer is in functions that are made where the framer's type is
/// known, so that they are specialised for it: one call through a pointer for a chunk, not for a byte. They are made once
/// for a server and shared by its connections; what each connection has of its own is a ``FramingState``.
@usableFromInline
final class ConnectionFraming: Sendable {
  /// The state of one connection.
  @usableFromInline
  typealias State = FramingState

  /// Frees what ``makeState()`` has made.
  @usableFromInline let destroyState: @Sendable (State) -> Void
  /// See ``FrameDecoder/next()``.
  @usableFromInline let next: @Sendable (State) throws(FramingError) -> [UInt8]?
  /// Calls the handler with each whole message until there is none, or the connection wants no more.
  @usableFromInline
  let deliver:
    @Sendable (State, FramedConnection.MessageHandler, isolated FramedConnection) throws(FramingError) -> Void
  /// See ``FrameDecoder/finish()``.
  @usableFromInline let finish: @Sendable (State) throws(FramingError) -> Void
  /// Whether an error was final; see ``FrameDecoder/failure``.
  @usableFromInline let hasFailed: @Sendable (State) -> Bool
  /// See ``FrameDecoder/missingCount``.
  @usableFromInline let missingCount: @Sendable (State) -> Int
  /// See ``FrameDecoder/offset``.
  @usableFromInline let offset: @Sendable (State) -> UInt64
  /// See ``FrameEncoder/append(_:)``; answers how many framed bytes wait to be sent.
  @usableFromInline let encode: @Sendable (State, Span<UInt8>) throws(FramingError) -> Int

  // Handing over to another framing, in the middle of both streams.

  /// Takes the unread bytes out of a state.
  @usableFromInline let releaseInput: @Sendable (State) -> FrameDecoder<Unread>
  /// Takes the framed bytes that wait to be sent out of a state.
  @usableFromInline let releaseOutput: @Sendable (State) -> FrameEncoder<Unread>
  /// Goes on with the unread bytes of another framing.
  @usableFromInline let adoptInput: @Sendable (State, consuming FrameDecoder<Unread>) -> Void
  /// Goes on behind the framed bytes of another framing.
  @usableFromInline let adoptOutput: @Sendable (State, consuming FrameEncoder<Unread>) -> Void

  /// As ``makeState()``, for this object, which is not there yet when the function is made.
  @usableFromInline let makeNewState: @Sendable (ConnectionFraming) -> State

  /// The type that stands for "any framer" while bytes pass from one framing to another; it is never asked.
  @usableFromInline
  typealias Unread = CloseTerminatedFramer

  /// The framing that `framer` makes.
  @inlinable
  init<F: Framer>(_ framer: F) {
    makeNewState = { framing in FramingState(framer, of: framing) }
    destroyState = { state in state.deinitialize(F.self) }
    next = { (state) throws(FramingError) in try state.decoder(F.self).pointee.next() }
    deliver = { (state, handler, connection) throws(FramingError) in
      try state.decoder(F.self).pointee.takeMessages { connection.handle($0, with: handler) }
    }
    finish = { (state) throws(FramingError) in try state.decoder(F.self).pointee.finish() }
    hasFailed = { state in state.decoder(F.self).pointee.failure != nil }
    missingCount = { state in state.decoder(F.self).pointee.missingCount }
    offset = { state in state.decoder(F.self).pointee.offset }
    encode = { (state, message) throws(FramingError) in
      let encoder = state.encoder(F.self)
      try encoder.pointee.append(message)
      return encoder.pointee.count
    }
    releaseInput = { state in
      var released = FrameDecoder(framer)
      swap(&released, &state.decoder(F.self).pointee)
      return released.changing(to: Unread())
    }
    releaseOutput = { state in
      var released = FrameEncoder(framer)
      swap(&released, &state.encoder(F.self).pointee)
      return released.changing(to: Unread())
    }
    adoptInput = { state, input in
      state.decoder(F.self).pointee = input.changing(to: framer)
    }
    adoptOutput = { state, output in
      state.encoder(F.self).pointee = output.changing(to: framer)
    }
  }

  /// A decoder and an encoder at the beginning of both streams.
  func makeState() -> State { makeNewState(self) }
}
