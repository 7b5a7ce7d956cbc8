import FramingTransport

/// What a run did, for judging whether its loops slept and what they held.
package struct RunAccount: Sendable {
  /// Turns of all loops.
  package var turns: UInt64
  /// What was delivered over the network.
  package var deliveries: Int
  /// How often time passed.
  package var moments: Int
  /// Calls to the kernel.
  package var calls: Int
  /// The most bytes that one end of a connection had received and not sent.
  package var mostHeld: Int
}

extension SimulatedNetwork {
  /// What the run did so far.
  package var account: RunAccount {
    let loops = kernel.state.withLock { $0.scheduler.seats.map(\.loop) }
    return kernel.state.withLock { state in
      RunAccount(
        turns: loops.reduce(0) { $0 + $1.counters.turns }, deliveries: state.world.deliveries,
        moments: state.moments, calls: state.injector.count,
        mostHeld: state.traffic.map(\.mostHeld).max() ?? 0)
    }
  }

  /// Cuts each direction of each connection where `isCut` says so, and nowhere else.
  ///
  /// - Parameter isCut: Whether there is a cut behind so many bytes of the stream.
  package func cut(where isCut: @escaping @Sendable (_ place: Int) -> Bool) {
    kernel.state.withLock { $0.world.isCut = isCut }
  }

  /// All calls that were made and what they answered, a line for each; empty if they were not to be written down.
  package var trace: [String] { kernel.state.withLock { $0.trace ?? [] } }
}
