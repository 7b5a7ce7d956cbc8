/// Decides which call meets a fault, as planned or by chance, and keeps account of it.
struct FaultInjector {
  private let plan: FaultPlan
  private let rates: [SystemCall: [FaultRates.Rate]]
  /// Of its own, so that a plan that leaves some faults out leaves all other choices as they were.
  private var random: RandomSource

  /// How many calls there were.
  private(set) var count = 0
  private var counts: [SystemCall: Int] = [:]
  /// What was met, as a plan that says the same.
  private(set) var met = FaultPlan()
  /// By a number of each call, so that a plan may be made of it: which kinds of calls there were.
  private(set) var calls: [SystemCall] = []

  /// Whether calls are counted and meet faults: not while the network is made.
  var isActive = true

  init(plan: FaultPlan, rates: FaultRates, seed: UInt64) {
    self.plan = plan
    self.rates = Dictionary(grouping: rates.rates, by: \.call)
    random = RandomSource(seed: seed ^ 0x6661_756C_7473)
  }

  /// What the next call meets, which is of the kind `call`.
  mutating func next(_ call: SystemCall) -> Fault? {
    guard isActive else { return nil }
    let index = count
    let ofKind = counts[call, default: 0]
    count += 1
    counts[call] = ofKind + 1
    calls.append(call)
    let fault = plan.fault(at: call, index: index, ofKind: ofKind) ?? chance(call)
    if let fault { met.entries.append(.init(nil, index...index, fault)) }
    return fault
  }

  private mutating func chance(_ call: SystemCall) -> Fault? {
    guard let rates = rates[call] else { return nil }
    for rate in rates where random.happens(rate.perMillion) { return rate.fault }
    return nil
  }
}
