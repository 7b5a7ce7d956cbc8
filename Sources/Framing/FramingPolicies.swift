/// What to do with bytes behind the last delimiter when the stream ends.
public enum FinalFrame: String, Hashable, Sendable {
  /// They are a truncated frame.
  case error
  /// They are the last message, half a delimiter included; the limit applies to all of them.
  case deliver
}

/// What to do about a frame that is longer than the limit.
public enum TooLongFrame: String, Hashable, Sendable {
  /// It ends the stream: the error is final.
  case fail
  /// It is left out: the error is reported once, the frame's bytes are dropped as they come, and decoding goes on
  /// behind it. A stream that ends in such a frame is no second error.
  case discard
}
