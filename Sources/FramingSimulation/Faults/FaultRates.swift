/// How often each kind of call meets each of its faults, in a million calls.
///
/// What is spoken of is one run: a subset of all faults, and the more often the fewer there are. Runs that meet
/// everything at once end before anything has begun.
public struct FaultRates: Hashable, Sendable {
  /// One kind of fault.
  public struct Rate: Hashable, Sendable {
    /// The kind of call.
    public var call: SystemCall
    /// What it meets.
    public var fault: Fault
    /// How often, in a million calls.
    public var perMillion: Int

    /// So often in a million calls of this kind, this fault.
    public init(_ call: SystemCall, _ fault: Fault, perMillion: Int) {
      self.call = call
      self.fault = fault
      self.perMillion = perMillion
    }
  }

  /// What happens now and then.
  public var rates: [Rate]

  /// These faults.
  public init(_ rates: [Rate]) { self.rates = rates }

  /// No fault at all.
  public static let none = FaultRates([])

  /// Faults that a program has to bear without anybody noticing: a signal, a wait that ends early, fewer bytes than were
  /// asked for.
  public static let harmless = FaultRates(
    SystemCall.allCases.flatMap { call in
      call.legalFaults.filter { $0.isTransient && call != .wake }.map { Rate(call, $0, perMillion: 50_000) }
    })

  /// A random choice.
  init(of calls: [SystemCall], random: inout RandomSource) {
    rates = []
    let share = random.pick([0, 20_000, 100_000, 300_000])
    for call in calls {
      for fault in call.legalFaults where random.happens(share) {
        let perMillion = random.pick([1_000, 10_000, 100_000, fault.isTransient ? 700_000 : 200_000])
        rates.append(Rate(call, fault, perMillion: perMillion))
      }
    }
  }
}
