/// What `load` sends: how much, how fast, and for how long.
struct LoadPlan: Hashable, Sendable {
  /// When the next message of a connection goes out.
  enum Pace: Hashable, Sendable {
    /// When the reply to the one so many before it has come.
    case depth(Int)
    /// When it is due, so many a second over all connections, whether replies come or not.
    case rate(Int)
  }

  enum End: Hashable, Sendable {
    case after(Duration)
    case messages(Int)
  }

  var connections = 1
  /// The bytes of each message.
  var size = 64
  var pace = Pace.depth(1)
  var end = End.after(.seconds(5))

  /// How many messages the connection with this number, from 0, sends; `nil` as many as it can in time.
  func share(of connection: Int) -> Int? {
    guard let total else { return nil }
    return total / connections + (connection < total % connections ? 1 : 0)
  }

  /// How many messages all connections send together, if that is known.
  private var total: Int? {
    switch (end, pace) {
    case (.messages(let count), _): count
    case (.after(let time), .rate(let rate)): Int((Double(rate) * (time / .seconds(1))).rounded(.up))
    case (.after, .depth): nil
    }
  }

  /// When a message is due after the start, in turn over the connections; `nil` without a rate.
  func dueTime(of message: Int, on connection: Int) -> Duration? {
    guard case .rate(let rate) = pace else { return nil }
    return .seconds(1) * (Double(message * connections + connection) / Double(rate))
  }

  /// How long it lasts at the least; `nil` if it is over as soon as all replies are here.
  var time: Duration? {
    switch (end, pace) {
    case (.after(let time), _): time
    case (.messages(let count), .rate(let rate)): .seconds(1) * (Double(count) / Double(rate))
    case (.messages, .depth): nil
    }
  }

  /// Whether its time, if it has one, has passed.
  func isOver(_ time: Duration) -> Bool {
    if case .after(let limit) = end { time >= limit } else { false }
  }

  /// How long nothing may come and nothing be sent while a reply is waited for, also one to what is not due yet.
  var patience: Duration {
    guard case .rate(let rate) = pace else { return .seconds(10) }
    return .seconds(10) + .seconds(1) * (2 * Double(connections) / Double(rate))
  }
}
