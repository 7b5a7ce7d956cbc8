/// What a simulated network is like: how long bytes travel, in which pieces, and how much of them the kernel holds.
public struct NetworkConditions: Hashable, Sendable {
  /// How long a piece travels; each takes its own time, and arrives behind those before it.
  public var latency: ClosedRange<Duration> = .microseconds(50)...(.microseconds(50))
  /// How many bytes travel in one piece.
  public var pieceSize: ClosedRange<Int> = 1460...1460
  /// Bytes that one direction of a connection holds before they arrive; `send` takes no more.
  public var sendBuffer = 64 << 10
  /// Bytes that one direction of a connection holds after they arrived and before they are read.
  public var receiveBuffer = 64 << 10
  /// How many descriptors may be open at a time.
  public var descriptors = 1024
  /// Whether events, and loops that could go on, come in an order that the seed chooses; else in a fixed one.
  public var isShuffled = false
  /// How often calls meet each kind of fault, in a million; see ``FaultRates``.
  public var faults = FaultRates.none

  /// A network without a whim: as above.
  public init() {}

  /// A network that the seed chooses: slow or fast, with pieces of a byte or of many, buffers small or large, an order of
  /// its own, and some kinds of faults.
  ///
  /// Each seed leaves most kinds of faults out, so that those that are left meet in ways in which all together would
  /// drown each other.
  ///
  /// - Parameters:
  ///   - seed: What all of it follows from.
  ///   - calls: Which calls may meet faults: those that connections are made of, unless told otherwise, and not
  ///     those that a server begins with.
  public init(seed: UInt64, faultsOf calls: [SystemCall] = SystemCall.ofConnections) {
    var random = RandomSource(seed: seed ^ 0x6E65_7477_6F72_6B73)
    // Small buffers on a slow network would take minutes for what is to be seen in seconds.
    let smallestBuffer = random.pick([1, 16, 16, 256, 1 << 10, 16 << 10, 256 << 10])
    sendBuffer = smallestBuffer * random.pick([1, 1, 16])
    receiveBuffer = smallestBuffer * random.pick([1, 1, 16])
    let fastest = random.pick(smallestBuffer < 1 << 10 ? [0, 1, 50] : [0, 1, 50, 1000, 20_000])
    let slowest = fastest + random.pick(smallestBuffer < 1 << 10 ? [0, 10, 100] : [0, 10, 1000, 50_000])
    latency = .microseconds(fastest)...(.microseconds(slowest))
    let smallest = random.pick([1, 7, 100, 1460, 1460])
    pieceSize = smallest...(smallest * random.pick([1, 2, 10]))
    isShuffled = random.happens(800_000)
    faults = FaultRates(of: calls, random: &random)
  }
}
