/// A law that a framer broke, and with which bytes.
public struct LawViolation: Hashable, Sendable {
  /// The law.
  public let law: FramerLaw
  /// The bytes, and how they came, as `02 68 69, cut at 1`.
  public let scene: String
  /// What had to happen.
  public let expected: String
  /// What happened.
  public let came: String

  /// A difference between `expected` and `came`, both in words.
  public init(law: FramerLaw, scene: String, expected: String, came: String) {
    self.law = law
    self.scene = scene
    self.expected = expected
    self.came = came
  }
}

extension LawViolation: CustomStringConvertible {
  /// The law, what was tried, what happened, and what to do about it: a line each.
  public var description: String {
    """
    \(law): \(law.sentence)
      with \(scene)
      expected \(expected)
      came \(came)
      what to do: \(law.advice)
    """
  }
}
