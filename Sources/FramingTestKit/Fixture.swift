import Framing

/// A stream that was written down, with what has to come out of it and when.
///
///     # The limit is judged on the prefix, before the payload.
///     framer length-prefixed:width=2,max=16
///     > 00 02 "hi"
///     < "hi"
///     > 00 40
///     ! too-long at=4 length=64 limit=16
///
/// The format is specified in Fixtures/README.md. What a fixture says is checked by ``FixtureReplay``.
public struct Fixture: Hashable, Sendable {
  /// Something that happens, or has to happen, in the order of the lines.
  public enum Event: Hashable, Sendable {
    /// These bytes arrive, at least one.
    case chunk([UInt8])
    /// The peer closes.
    case end
    /// This message, which may be empty, is delivered.
    case message([UInt8])
    /// A frame is wrong: the stream fails for good, unless it is merely too long and the framer goes on behind it.
    case error(ExpectedError)
  }

  /// An event and the line that says it.
  public struct Step: Hashable, Sendable {
    /// What happens.
    public let event: Event
    /// The number of the line, from 1.
    public let line: Int

    /// A step that stands in `line`.
    public init(_ event: Event, line: Int) {
      self.event = event
      self.line = line
    }
  }

  /// The name that errors and mismatches begin with, mostly the path of the file.
  public let name: String
  /// The lines that are nothing but comments, without their number signs.
  public let comments: [String]
  /// The framing of the stream.
  public let framer: FramerSpec
  /// What happens, at least one step.
  public let steps: [Step]
  /// Whether the messages, encoded, are exactly the bytes that arrive.
  public let encodes: Bool

  /// The first comment, which says the behaviour in one sentence; empty if there is none.
  public var title: String { comments.first ?? "" }

  /// The bytes that arrive, cut as written.
  public var chunks: [[UInt8]] {
    steps.compactMap { if case .chunk(let bytes) = $0.event { bytes } else { nil } }
  }

  /// The messages that have to be delivered.
  public var messages: [[UInt8]] {
    steps.compactMap { if case .message(let bytes) = $0.event { bytes } else { nil } }
  }

  /// The errors that have to be reported. Only the last one can be final: it is if the framer does not go on.
  public var errors: [ExpectedError] {
    steps.compactMap { if case .error(let error) = $0.event { error } else { nil } }
  }

  /// Whether the peer closes.
  public var ends: Bool { steps.contains { $0.event == .end } }

  /// Reads a fixture.
  ///
  /// - Parameters:
  ///   - text: The content of the file.
  ///   - name: What errors and mismatches shall call it, mostly its path.
  /// - Throws: ``FixtureError`` with the number of the first line that cannot be right.
  public init(_ text: String, name: String) throws(FixtureError) {
    var parser = FixtureParser(name: name)
    self = try parser.parse(text)
  }

  init(name: String, comments: [String], framer: FramerSpec, steps: [Step], encodes: Bool) {
    self.name = name
    self.comments = comments
    self.framer = framer
    self.steps = steps
    self.encodes = encodes
  }
}

/// What is wrong with the text of a ``Fixture``, and where.
public struct FixtureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the fixture.
  public let name: String
  /// The number of the line, from 1.
  public let line: Int
  /// What is wrong, and what is allowed there.
  public let problem: String

  /// An error that says `problem` of a line of the fixture `name`.
  public init(name: String, line: Int, problem: String) {
    self.name = name
    self.line = line
    self.problem = problem
  }

  /// One line: `slip/empty.frames:12: an odd number of hex digits ...`.
  public var description: String { "\(name):\(line): \(problem)" }
}
