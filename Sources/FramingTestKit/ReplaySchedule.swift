import Framing

/// What has to come out of a stream, in order, each with the part of the stream at which it can come.
///
/// Places are counted in bytes that have arrived; the end of the stream is one more than all of them.
struct ReplaySchedule: Sendable {
  /// What came out of a decoder.
  enum Outcome: Hashable, Sendable, CustomStringConvertible {
    case message([UInt8])
    case error(FramingError)

    var description: String {
      switch self {
      case .message(let bytes): "the message \(FixtureText.shown(bytes))"
      case .error(let error): "the error \(ExpectedError(error))"
      }
    }
  }

  /// What has to come.
  enum Expectation: Hashable, Sendable, CustomStringConvertible {
    case message([UInt8])
    case error(ExpectedError)

    func matches(_ outcome: Outcome) -> Bool {
      switch (self, outcome) {
      case (.message(let expected), .message(let message)): expected == message
      case (.error(let expected), .error(let error)): expected.matches(error)
      default: false
      }
    }

    var description: String {
      switch self {
      case .message(let bytes): "the message \(FixtureText.shown(bytes))"
      case .error(let error): "the error \(error)"
      }
    }
  }

  /// An expectation, and when it has to come true.
  struct Appointment: Hashable, Sendable {
    let expectation: Expectation
    /// The line that says so.
    let line: Int
    /// It must not come before this many bytes have arrived.
    let earliest: Int
    /// It must have come when this many bytes have arrived.
    let latest: Int
  }

  let appointments: [Appointment]
  /// Whether the stream ends, and is not merely silent.
  let hasEnd: Bool
  private let byteCount: Int

  init(_ fixture: Fixture) {
    var appointments: [Appointment] = []
    /// The beginning and the end of the chunk that arrived last.
    var arrival = 0..<0
    for step in fixture.steps {
      switch step.event {
      case .chunk(let bytes): arrival = arrival.upperBound..<arrival.upperBound + bytes.count
      case .end: arrival = arrival.upperBound..<arrival.upperBound + 1
      case .message(let bytes): expect(.message(bytes), line: step.line)
      case .error(let error): expect(.error(error), line: step.line)
      }
    }
    self.appointments = appointments
    self.hasEnd = fixture.ends
    self.byteCount = arrival.upperBound - (fixture.ends ? 1 : 0)

    func expect(_ expectation: Expectation, line: Int) {
      appointments.append(
        Appointment(
          expectation: expectation, line: line, earliest: arrival.lowerBound + 1, latest: arrival.upperBound))
    }
  }

  /// A place in words.
  func place(_ position: Int) -> String {
    position > byteCount
      ? "at the end of the stream" : position == 1 ? "after 1 byte" : "after \(position) bytes"
  }
}
