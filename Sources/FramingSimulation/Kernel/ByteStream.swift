/// One direction of a connection: what was sent and is on its way, and what has arrived and was not read.
///
///     send -> | pieces, each with its time of arrival | -> | received | -> receive
///               at most `sendCapacity` bytes                at most `receiveCapacity` bytes
///
/// A piece that finds no room waits, and all behind it: the order is that of sending.
final class ByteStream {
  enum Piece {
    case bytes([UInt8])
    /// The other end takes the connection.
    case established
    /// No byte follows.
    case end
    /// The connection is no more.
    case reset
    /// The other end of a Unix connection is closed; with bytes unread, or without.
    case closed(unread: Bool)
  }

  let sendCapacity: Int
  let receiveCapacity: Int

  private var pieces: [(piece: Piece, time: Int64)] = []
  private var firstPiece = 0
  /// How many bytes are on their way.
  private(set) var sentCount = 0
  /// How many bytes were ever sent.
  private(set) var offset = 0

  private var received: [UInt8] = []
  private var readCount = 0
  /// Whether the first piece has arrived and finds no room.
  private(set) var isBlocked = false
  /// When the last piece arrives: the next one arrives no sooner.
  private(set) var lastTime: Int64 = 0

  init(sendCapacity: Int, receiveCapacity: Int) {
    self.sendCapacity = sendCapacity
    self.receiveCapacity = receiveCapacity
  }

  /// How many bytes can be sent now.
  var room: Int { sendCapacity - sentCount }
  /// Whether that is worth waking somebody for: a third of all, as in Linux.
  var hasRoom: Bool { room * 3 >= sendCapacity }
  /// How many bytes have arrived and were not read.
  var unreadCount: Int { received.count - readCount }

  /// Whether there is something to read.
  var hasUnread: Bool { received.count > readCount }

  /// Sends a piece that arrives at `time`, or behind the one before it if that is later.
  ///
  /// - Returns: When it arrives; `nil` if another piece arrives then, with which it does.
  func send(_ piece: Piece, at time: Int64) -> Int64? {
    if case .bytes(let bytes) = piece {
      sentCount += bytes.count
      offset += bytes.count
    }
    let isLater = time > lastTime || firstPiece == pieces.count
    lastTime = max(lastTime, time)
    pieces.append((piece, lastTime))
    return isLater ? lastTime : nil
  }

  /// Takes the next piece that has arrived, as far as there is room for it. Bytes are kept; `nil` if there is nothing.
  func arrive(at time: Int64) -> Piece? {
    guard firstPiece < pieces.count, pieces[firstPiece].time <= time else { return nil }
    let piece = pieces[firstPiece].piece
    if case .bytes(let bytes) = piece {
      let room = receiveCapacity - unreadCount
      isBlocked = room < bytes.count
      if room <= 0 { return nil }
      if room < bytes.count {
        keep(bytes[..<room])
        pieces[firstPiece].piece = .bytes(Array(bytes[room...]))
        return .bytes(Array(bytes[..<room]))
      }
      keep(bytes[...])
    }
    firstPiece += 1
    if firstPiece == pieces.count {
      pieces.removeAll(keepingCapacity: true)
      firstPiece = 0
    }
    return piece
  }

  private func keep(_ bytes: ArraySlice<UInt8>) {
    sentCount -= bytes.count
    if readCount == received.count {
      received.removeAll(keepingCapacity: true)
      readCount = 0
    }
    received += bytes
  }

  /// Reads what has arrived.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, unreadCount)
    received[readCount..<readCount + count].withUnsafeBytes { buffer.copyMemory(from: $0) }
    readCount += count
    return count
  }

  /// Drops what was sent and has not arrived.
  ///
  /// - Parameter inFlight: So many pieces are under way already, and arrive; what waits for room at the other end is not.
  func dropSent(butFor inFlight: Int) {
    let kept = isBlocked ? [] : pieces[firstPiece...].prefix(inFlight)
    pieces = Array(kept)
    firstPiece = 0
    isBlocked = false
    sentCount = pieces.reduce(0) { sum, entry in
      if case .bytes(let bytes) = entry.piece { sum + bytes.count } else { sum }
    }
  }

  /// Drops what has arrived.
  func dropReceived() {
    received = []
    readCount = 0
  }
}
