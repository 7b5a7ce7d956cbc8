/// Why a simulated run is not as it should be, and all that is needed to have it again.
public struct SimulationFailure: Error, Sendable {
  /// What was seen.
  public enum Reason: Sendable {
    /// The body threw this.
    case threw(any Error)
    /// The body waits, and nothing can happen any more: nothing is on its way, and no timer is set.
    case stalled
    /// The loops turn and turn, and no time passes.
    case spins
    /// The body has returned, and these descriptors of sockets are open.
    case leftOpen([CInt])
    /// A descriptor was closed that was not open.
    case closedTwice(CInt)
    /// Something that has to hold after every run does not.
    case broken(String)
  }

  /// What was seen.
  public let reason: Reason
  /// The seed of the run.
  public let seed: UInt64
  /// The faults that were met: with this plan, and the seed, the run is the same.
  public let plan: FaultPlan
  /// How long the run took in its own time.
  public let time: Duration
  /// The last calls to the kernel, and what they answered, if they were written down.
  public let trace: [String]
}

extension SimulationFailure: CustomStringConvertible {
  /// What happened, then the seed and the plan that make it happen again.
  public var description: String {
    var lines = ["\(reason), after \(time) of simulated time", "seed \(seed)"]
    lines += plan.entries.isEmpty ? ["no fault was met"] : plan.entries.prefix(50).map(\.description)
    if plan.entries.count > 50 { lines.append("and \(plan.entries.count - 50) more") }
    if !trace.isEmpty { lines += ["the last calls:"] + trace.map { "  \($0)" } }
    return lines.joined(separator: "\n")
  }
}

extension SimulationFailure.Reason: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .threw(let error): "the body threw \"\(error)\""
    case .stalled: "the body waits for something that cannot happen any more"
    case .spins: "the loops turn without end, and no time passes"
    case .leftOpen(let descriptors): "the body has returned and left the sockets \(descriptors) open"
    case .closedTwice(let descriptor): "descriptor \(descriptor) was closed and not open"
    case .broken(let sentence): sentence
    }
  }
}
