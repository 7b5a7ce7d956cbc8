import FramingTransport

/// What many runs have covered: how many there were, and which faults they met.
public struct Exploration: Sendable {
  /// One kind of fault at one kind of call.
  public struct Kind: Hashable, Sendable {
    /// The call.
    public let call: SystemCall
    /// What it met.
    public let fault: Fault

    package init(call: SystemCall, fault: Fault) { (self.call, self.fault) = (call, fault) }
  }

  /// How many runs there were.
  public private(set) var runs = 0
  /// How many calls to the kernel they made.
  public private(set) var calls = 0
  /// How often each fault was met.
  public private(set) var met: [Kind: Int] = [:]
  /// How long they took together in their own time.
  public private(set) var time = Duration.zero

  /// Nothing yet.
  public init() {}

  /// Adds what one run has covered.
  package mutating func add(_ network: SimulatedNetwork) {
    let injector = network.kernel.state.withLock { $0.injector }
    runs += 1
    calls += injector.count
    time += network.time
    for entry in injector.met.entries {
      met[Kind(call: injector.calls[entry.numbers.lowerBound], fault: entry.fault), default: 0] += 1
    }
  }

  /// Adds what other runs have covered.
  public mutating func add(_ other: Exploration) {
    runs += other.runs
    calls += other.calls
    time += other.time
    met.merge(other.met) { $0 + $1 }
  }

  /// A line for each kind of call: each fault that it may meet, and how often it was; 0 for those that never were.
  public var coverage: String {
    SystemCall.allCases.filter { !$0.legalFaults.isEmpty }.map { call in
      let faults = call.legalFaults.map { "\($0) \(met[Kind(call: call, fault: $0)] ?? 0)" }
      return "\(call.rawValue): " + faults.joined(separator: ", ")
    }.joined(separator: "\n")
  }
}

extension SimulatedNetwork {
  /// What a test does with a network.
  public typealias Body = @Sendable (SimulatedNetwork) async throws -> Void

  /// Runs `body` once for each seed: each time another network, other faults, another order.
  ///
  /// - Parameters:
  ///   - seeds: The seeds. A failure names the one that it had.
  ///   - conditions: What the networks are like; chosen by each seed unless told otherwise.
  ///   - selector: How their loops wait.
  ///   - body: What to run. It has to bear that connections fail, and throws if something happens that must not even then.
  /// - Returns: What was covered.
  /// - Throws: The first ``SimulationFailure``, with as few faults as still lead to one.
  @discardableResult
  public static func explore(
    seeds: some Sequence<UInt64>, conditions: NetworkConditions? = nil, selector: SelectorKind = .epoll,
    _ body: @escaping Body
  ) throws(SimulationFailure) -> Exploration {
    let search = Search(selector: selector) { (network) throws(SimulationFailure) in
      try network.run { try await body(network) }
    }
    return try search.seeds(seeds, conditions)
  }

  /// Runs `body` without a fault, then again for each of its calls to the kernel and each fault that this call may meet.
  ///
  /// - Parameters:
  ///   - conditions: What the network is like; its rates of faults do not count.
  ///   - selector: How its loops wait.
  ///   - body: As for ``explore(seeds:conditions:selector:_:)``.
  /// - Returns: What was covered.
  /// - Throws: The first ``SimulationFailure``.
  @discardableResult
  public static func exploreEachFault(
    conditions: NetworkConditions = NetworkConditions(), selector: SelectorKind = .epoll,
    _ body: @escaping Body
  ) throws(SimulationFailure) -> Exploration {
    let search = Search(selector: selector) { (network) throws(SimulationFailure) in
      try network.run { try await body(network) }
    }
    return try search.eachFault(conditions)
  }
}

/// Looks for a run that fails, and for the smallest one like it.
package struct Search {
  package typealias Run = (SimulatedNetwork) throws(SimulationFailure) -> Void

  package var selector: SelectorKind
  package var run: Run

  package init(selector: SelectorKind, run: @escaping Run) {
    self.selector = selector
    self.run = run
  }

  private func network(
    _ seed: UInt64, _ conditions: NetworkConditions?, _ plan: FaultPlan?, isTraced: Bool = false
  ) -> SimulatedNetwork {
    SimulatedNetwork(
      seed: seed, conditions: conditions, plan: plan, selector: selector, isTraced: isTraced)
  }

  /// A run for each seed.
  @discardableResult
  package func seeds(
    _ seeds: some Sequence<UInt64>, _ conditions: NetworkConditions?
  ) throws(SimulationFailure) -> Exploration {
    var exploration = Exploration()
    for seed in seeds {
      let network = network(seed, conditions, nil)
      do throws(SimulationFailure) { try run(network) } catch {
        throw smallest(error, network.conditions)
      }
      exploration.add(network)
    }
    return exploration
  }

  /// A run for each fault at each call.
  ///
  /// - Parameters:
  ///   - depth: How many faults a run meets: 1, or 2 for all pairs.
  ///   - share: One of so many runs with that many faults is made, if there is no time for all.
  @discardableResult
  package func eachFault(
    _ conditions: NetworkConditions, depth: Int = 1, oneOf share: Int = 1
  ) throws(SimulationFailure) -> Exploration {
    var exploration = Exploration()
    var turn = 0
    try eachFault(conditions, FaultPlan(), from: 0, depth, &exploration) {
      turn += 1
      return turn % share == 0
    }
    return exploration
  }

  private func eachFault(
    _ conditions: NetworkConditions, _ plan: FaultPlan, from first: Int, _ depth: Int,
    _ exploration: inout Exploration, isWanted: () -> Bool
  ) throws(SimulationFailure) {
    if depth == 0, !isWanted() { return }
    let network = network(0, conditions, plan)
    do throws(SimulationFailure) { try run(network) } catch { throw smallest(error, network.conditions) }
    exploration.add(network)
    if depth == 0 { return }
    let calls = network.kernel.state.withLock { $0.injector.calls }
    for index in calls.indices.dropFirst(first) {
      for fault in calls[index].legalFaults {
        let next = FaultPlan(plan.entries + [.init(nil, index...index, fault)])
        try eachFault(conditions, next, from: index + 1, depth - 1, &exploration, isWanted: isWanted)
      }
    }
  }

  /// The failure with as few faults as still lead to one, and with its last calls written down.
  package func smallest(_ failure: SimulationFailure, _ conditions: NetworkConditions) -> SimulationFailure {
    var conditions = conditions
    conditions.faults = .none
    var plan = failure.plan
    guard let again = self.failure(failure.seed, conditions, plan) else { return failure }
    var smallest = again
    // Without one of them the calls behind it have other numbers, and a fault that was in the way may not be any more:
    // again until nothing can be left out.
    var before = Int.max
    while plan.entries.count < before {
      before = plan.entries.count
      var index = plan.entries.count - 1
      while index >= 0 {
        var fewer = plan
        fewer.entries.remove(at: index)
        if let failure = self.failure(failure.seed, conditions, fewer) {
          (plan, smallest) = (failure.plan, failure)
          index = min(index, plan.entries.count)
        }
        index -= 1
      }
    }
    return smallest
  }

  private func failure(
    _ seed: UInt64, _ conditions: NetworkConditions, _ plan: FaultPlan
  ) -> SimulationFailure? {
    do throws(SimulationFailure) {
      try run(network(seed, conditions, plan, isTraced: true))
      return nil
    } catch {
      return error
    }
  }
}
