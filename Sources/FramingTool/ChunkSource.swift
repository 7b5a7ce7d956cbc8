import Framing
import ToolSupport

/// The chunks of a stream: as a file gives them, of one size, or a line each in hex.
struct ChunkSource: ~Copyable {
  /// What a chunk is.
  enum Cutting: Hashable {
    /// What one read gives, 64 KiB or so.
    case asRead
    /// So many bytes; the last chunk has the rest.
    case every(Int)
    /// A line of hex digits; an empty one is none.
    case hexLines
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
    switch cutting {
    case .asRead:
      try waiting()
      return try target.fill(room: 1 << 16, file.read)
    case .every(let size):
      while ahead.count < size {
        try waiting()
        if try ahead.fill(room: 1 << 16, file.read) == 0 { break }
      }
    case .hexLines:
      while ahead.isEmpty, try lines.appendNext(to: &ahead, beforeReading: waiting) {}
    }
    let count = if case .every(let size) = cutting { min(size, ahead.count) } else { ahead.count }
    ahead.withBytes { target.append($0.extracting(first: count)) }
    ahead.removeFirst(count)
    return count
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
