import Framing
import ToolSupport

/// The chunks of a stream: as a file gives them, of one size, or a line each in hex.
struct ChunkSource: ~Copyable {
  /// How the stream is written down, and what a chunk of it is.
  struct Cutting: Hashable {
    /// Whether the input is lines of hex digits; an empty one is no chunk.
    var isHexLines = false
    /// The bytes of a chunk, the last one apart; `nil` for what one read, or one line, gives.
    var size: Int?
  }

  private let file: InputFile
  private let cutting: Cutting
  private var lines: ByteLines
  private var ahead = FrameBuffer()

  init(_ file: InputFile, _ cutting: Cutting) {
    self.file = file
    self.cutting = cutting
    lines = ByteLines(of: file, areHex: true)
  }

  /// Appends the next chunk to `target`.
  ///
  /// - Parameters:
  ///   - target: Where it goes, straight from the file if it is as read.
  ///   - waiting: Called before each time that the file is read, which may take until a peer sends something.
  /// - Returns: How many bytes it has; 0 at the end.
  mutating func next<Target: ChunkTarget & ~Copyable>(
    into target: inout Target, beforeReading waiting: () throws(Failure) -> Void
  ) throws(Failure) -> Int {
    if !cutting.isHexLines && cutting.size == nil {
      try waiting()
      return try target.fill(room: 1 << 16, file.read)
    }
    while ahead.count < cutting.size ?? 1, try readAhead(waiting) {}
    let count = min(cutting.size ?? .max, ahead.count)
    ahead.withBytes { target.append($0.extracting(first: count)) }
    ahead.removeFirst(count)
    return count
  }

  /// Reads what there is, or a line; answers whether the end has not come.
  private mutating func readAhead(_ waiting: () throws(Failure) -> Void) throws(Failure) -> Bool {
    if cutting.isHexLines { return try lines.appendNext(to: &ahead, beforeReading: waiting) }
    try waiting()
    return try ahead.fill(room: 1 << 16, file.read) > 0
  }
}

/// What chunks can be appended to.
protocol ChunkTarget: ~Copyable {
  /// Appends bytes.
  mutating func append(_ bytes: Span<UInt8>)
  /// Lets `body` write at least `room` bytes at the end, and answers how many it wrote.
  mutating func fill<Failure: Error>(
    room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int
}

extension FrameBuffer: ChunkTarget {}
extension FrameDecoder: ChunkTarget {}
