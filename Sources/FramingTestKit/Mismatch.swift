/// A difference between what a fixture says and what a framer did.
public struct Mismatch: Hashable, Sendable {
  /// The name of the fixture.
  public let fixture: String
  /// The line that says what was expected, if there is one: nothing says what must not come.
  public let line: Int?
  /// How the stream was cut; `nil` when the messages were encoded.
  public let chunking: Chunking?
  /// What had to happen.
  public let expected: String
  /// What happened.
  public let came: String

  /// A difference between `expected` and `came`, both in words.
  public init(fixture: String, line: Int?, chunking: Chunking?, expected: String, came: String) {
    self.fixture = fixture
    self.line = line
    self.chunking = chunking
    self.expected = expected
    self.came = came
  }
}

extension Mismatch: CustomStringConvertible {
  /// One sentence: `slip/escape.frames:4, cut at 2: expected the message "hi"; came nothing`.
  public var description: String {
    let place = line.map { "\(fixture):\($0)" } ?? fixture
    return "\(place), \(chunking?.description ?? "encoding"): expected \(expected); came \(came)"
  }
}
