// Indirect, as most decoders never need the room.
/// What stands in the way of the next message.
@usableFromInline
internal indirect enum Hindrance: Sendable {
  /// The error that ended the stream for good.
  case failure(FramingError)
  /// The rest of a frame that the framing before this one was leaving out.
  case leftOut(LeftOutFrame)
}
