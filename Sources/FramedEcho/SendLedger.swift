import ToolSupport

/// The messages that were sent and not answered yet, in order, and what was wrong with the answers.
actor SendLedger {
  private var unanswered: [[UInt8]] = []
  private var firstUnanswered = 0
  private var replies = 0
  private var differences = 0
  private(set) var isComplete = false
  private(set) var isGivenUp = false
  /// How many messages were sent or have come.
  private(set) var activity = 0
  private var refusal: Failure?

  /// Whether everything was sent, and nothing is missing.
  var isAnswered: Bool { isComplete && firstUnanswered == unanswered.count }

  /// A message is about to be sent.
  func expect(_ message: [UInt8]) {
    activity += 1
    unanswered.append(message)
  }

  /// The last message was not sent after all.
  func withdraw() { unanswered.removeLast() }

  /// Every message was sent, or nothing further can be, which `refusal` says.
  func complete(_ refusal: Failure?) {
    isComplete = true
    activity += 1
    self.refusal = refusal
  }

  /// No further reply is waited for.
  func giveUp() { isGivenUp = true }

  /// Takes a reply; answers how it differs if it is the first that does.
  func difference(of reply: [UInt8]) -> String? {
    replies += 1
    activity += 1
    let message = takeFirst()
    guard message != reply else { return nil }
    differences += 1
    guard differences == 1 else { return nil }
    guard let message else { return "reply \(replies) was not asked for: got \(Quote.counted(reply))" }
    let common = zip(message, reply).prefix { $0 == $1 }.count
    let place = common >= 32 ? "; they are equal up to byte \(common)" : ""
    return "reply \(replies) differs: expected \(Quote.counted(message)), got \(Quote.counted(reply))\(place)"
  }

  /// The result, once no reply can come any more, which `loss` gives the reason for.
  func end(_ loss: String) -> (isDifferent: Bool, difference: String?, refusal: Failure?) {
    var lines: [String] = []
    if differences > 1 { lines.append("replies that differ: \(differences)") }
    let missing = unanswered.count - firstUnanswered
    if missing > 0 {
      let more = missing > 1 ? " and \(missing - 1) more are" : " is"
      lines.append("reply \(replies + 1)\(more) missing: \(loss)")
    } else if !isComplete {
      lines.append("not everything was sent: \(loss)")
    }
    return (
      differences > 0 || !lines.isEmpty, lines.isEmpty ? nil : lines.joined(separator: "; "), refusal
    )
  }

  private func takeFirst() -> [UInt8]? {
    guard firstUnanswered < unanswered.count else { return nil }
    let message = exchange(&unanswered[firstUnanswered], with: [])
    firstUnanswered += 1
    // Now and then, so that each is moved a constant number of times.
    if firstUnanswered > 64 && firstUnanswered * 2 > unanswered.count {
      unanswered.removeFirst(firstUnanswered)
      firstUnanswered = 0
    }
    return message
  }
}
