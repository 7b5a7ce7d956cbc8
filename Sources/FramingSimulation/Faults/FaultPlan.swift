/// Which calls meet which faults.
///
/// As text, a line for each:
///
///     call 17: short(1)                  the call with this number, counted over all calls from 0
///     receive 2: error(ECONNRESET)       the third call of this kind
///     accept 0...9: error(EMFILE)        the first ten calls of this kind
///     accept 4...: error(EMFILE)         all from the fifth on
///     # and what else is to be said
///
/// The first form is exact, and what a failed run prints; the others keep their sense when the program changes. A fault
/// that the call cannot have, because the calls have changed since, does nothing.
public struct FaultPlan: Hashable, Sendable {
  /// One line.
  public struct Entry: Hashable, Sendable {
    /// The kind of calls that are counted; `nil` for all.
    public var call: SystemCall?
    /// Which of them meet the fault.
    public var numbers: ClosedRange<Int>
    /// What they meet.
    public var fault: Fault

    /// Calls of one kind, or of all, and their fault.
    public init(_ call: SystemCall? = nil, _ numbers: ClosedRange<Int>, _ fault: Fault) {
      self.call = call
      self.numbers = numbers
      self.fault = fault
    }
  }

  /// The lines; the first that fits is the one that is met.
  public var entries: [Entry]

  /// A plan with these lines; nothing fails without any.
  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// What the call meets that is the `index`th of all, and of its kind the `ofKind`th.
  func fault(at call: SystemCall, index: Int, ofKind: Int) -> Fault? {
    entries.first { entry in
      entry.numbers.contains(entry.call == nil ? index : ofKind)
        && (entry.call == nil || entry.call == call) && call.legalFaults.contains(entry.fault.example)
    }?.fault
  }
}

extension Fault {
  /// The fault as it stands in the table of those that are legal: numbers are free.
  fileprivate var example: Fault {
    switch self {
    case .short: .short(1)
    case .late: .late(seconds: 1)
    default: self
    }
  }
}

extension FaultPlan: LosslessStringConvertible {
  /// The text form, with a line for each entry.
  public var description: String { entries.map(\.description).joined(separator: "\n") }

  /// Reads the text form; `nil` if a line is none of a plan. ``problem(in:)`` says which.
  public init?(_ text: String) {
    var entries: [Entry] = []
    for line in Self.lines(text) {
      guard let entry = Entry(line) else { return nil }
      entries.append(entry)
    }
    self.init(entries)
  }

  /// What is wrong with a text that is no plan, as a sentence; `nil` if nothing is.
  public static func problem(in text: String) -> String? {
    lines(text).first { Entry($0) == nil }.map {
      "\"\($0)\" is no line of a plan; one is \"call 17: short(1)\" or \"receive 2: error(ECONNRESET)\""
    }
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { line in trimmed(line.prefix { $0 != "#" }) }.filter { !$0.isEmpty }
  }

  fileprivate static func trimmed(_ text: some StringProtocol) -> String {
    var text = text[...]
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text.drop { $0.isWhitespace })
  }
}

extension FaultPlan.Entry: LosslessStringConvertible {
  /// `receive 2: short(1)`.
  public var description: String {
    let name = call?.rawValue ?? "call"
    if numbers.upperBound == .max { return "\(name) \(numbers.lowerBound)...: \(fault)" }
    if numbers.count == 1 { return "\(name) \(numbers.lowerBound): \(fault)" }
    return "\(name) \(numbers.lowerBound)...\(numbers.upperBound): \(fault)"
  }

  /// Reads what ``description`` prints; `nil` if the text is no line of a plan.
  public init?(_ text: String) {
    let halves = text.split(separator: ":", maxSplits: 1)
    guard halves.count == 2, let fault = Fault(FaultPlan.trimmed(halves[1])) else { return nil }
    let words = halves[0].split(separator: " ")
    guard words.count == 2 else { return nil }
    let call = SystemCall(rawValue: String(words[0]))
    guard call != nil || words[0] == "call" else { return nil }
    guard let numbers = Self.numbers(String(words[1])) else { return nil }
    self.init(call, numbers, fault)
  }

  private static func numbers(_ text: String) -> ClosedRange<Int>? {
    guard let dots = text.firstRange(of: "...") else {
      guard let number = Int(text), number >= 0 else { return nil }
      return number...number
    }
    guard let first = Int(text[..<dots.lowerBound]), first >= 0 else { return nil }
    let rest = text[dots.upperBound...]
    if rest.isEmpty { return first...Int.max }
    guard let last = Int(rest), last >= first else { return nil }
    return first...last
  }
}
