import Framing

/// What a framer made of a stream, and when.
struct LawRun: Sendable {
  /// A message with its frame's place, or an error.
  enum Event: Hashable, Sendable {
    case message([UInt8], offset: Int, wireLength: Int)
    case error(FramingError)
  }

  var events: [Event] = []
  /// How many bytes had come when each event showed itself; the end of the stream counts like one more byte.
  var arrivals: [Int] = []
  /// How many bytes were taken with frames or left out.
  var consumed = 0
  /// Whether the last event is an error behind which nothing can come.
  var isFailed = false
  /// How many bytes the framer has waited for, before the first event.
  var awaited = 0
  /// How many bytes more the framer said it needs, if that was its last answer.
  var missing: Int?
  /// What is wrong with the framer's last answer; the run stops there.
  var unsound: UnsoundAnswer?

  /// An answer that no driver can follow.
  struct UnsoundAnswer: Hashable, Sendable {
    var expected: String
    var came: String
  }

  var messages: [[UInt8]] {
    events.compactMap { if case .message(let bytes, _, _) = $0 { bytes } else { nil } }
  }
}

extension LawRun.Event: CustomStringConvertible {
  var isError: Bool { if case .error = self { true } else { false } }

  var description: String {
    switch self {
    case .message(let bytes, let offset, let wireLength):
      "the message \(FixtureText.shown(bytes)) (frame of \(wireLength) bytes at \(offset))"
    case .error(let error): "the error \"\(error)\""
    }
  }
}
