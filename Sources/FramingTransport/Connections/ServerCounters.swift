/// What a server has done, and what it is doing, in numbers: a value, taken at one moment.
///
/// ```swift
/// let counters = server.counters
/// for counter in ServerCounters.Counter.allCases { print(counter, counters[counter]) }
/// ```
///
/// From any thread, and without stopping a loop: each number is right by itself, but one may have gone on while another
/// was read. Numbers count from the start of the server, but for ``Counter/open`` and ``Counter/queuedBytes``, which say
/// how it is now.
public struct ServerCounters: Hashable, Sendable, CustomStringConvertible {
  /// What is counted. Its name, as "\(counter)" prints it, does for a metric.
  public enum Counter: Int, CaseIterable, Hashable, Sendable {
    // Connections.

    /// Connections that were taken from the system, those that were then refused included.
    case accepted
    /// Connections that are served now, from any loop.
    case open
    /// Connections that were reset because there were as many as there may be (``ServerLimits/connections``).
    case refused
    /// Connections that were reset because their address had as many as it may have
    /// (``ServerLimits/connectionsPerPeer``).
    case refusedPerPeer
    /// How often no connection could be accepted, most often for want of a descriptor (`EMFILE`).
    case acceptFailures
    /// Connections that were reset while descriptors were lacking for too long.
    case shed
    /// Connections that were not finished when the time to drain was over; see ``Drain``.
    case cut

    // What went through.

    /// Whole messages that came.
    case messagesReceived
    /// Messages that were framed to be sent.
    case messagesSent
    /// Bytes that came, framing included.
    case bytesReceived
    /// Framed bytes that the system took.
    case bytesSent
    /// Framed bytes that wait, because their peers do not take them.
    case queuedBytes
    /// The most that there ever were of them; with several loops, the sum of what was the most on each.
    case highestQueuedBytes

    // What peers did wrong.

    /// Connections that ended with a frame over its limit.
    case tooLong
    /// Connections that the peer ended inside a frame.
    case truncated
    /// Connections that ended with bytes that are no frame.
    case malformed
    /// Frames over the limit that were left out.
    case leftOut
    /// Connections of proxies that ended with a wrong PROXY header, or without one.
    case proxyHeaders

    // What took too long.

    /// Connections that ended because of ``TimeLimit/handshake``.
    case handshakeTimeouts
    /// Connections that ended because of ``TimeLimit/message``.
    case messageTimeouts
    /// Connections that ended because of ``TimeLimit/idle``.
    case idleTimeouts
    /// Connections that ended because of ``TimeLimit/write``.
    case writeTimeouts
    /// Connections that were cut because closing took longer than ``ConnectionLimits/closeTime``.
    case closeTimeouts

    // How connections were lost.

    /// Connections that this program reset: by `reset()`, or because what was queued could not be sent in time.
    case resets
    /// Connections that the peer, or the network, reset or gave up.
    case peerResets
    /// Connections that ended because their handler threw something of its own.
    case handlerErrors
  }

  private let values: [Int]

  /// The sums of what several loops have counted.
  init(_ banks: [CounterBank]) {
    values = Counter.allCases.map { counter in banks.reduce(0) { $0 &+ $1[counter] } }
  }

  /// The number of one counter.
  public subscript(_ counter: Counter) -> Int { values[counter.rawValue] }

  /// Those that are not zero, on one line: `accepted=3 open=1 messagesReceived=20`.
  public var description: String {
    Counter.allCases.filter { self[$0] != 0 }.map { "\($0)=\(self[$0])" }.joined(separator: " ")
  }
}
