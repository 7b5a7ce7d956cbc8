/// A way to cut a stream into the pieces that arrive.
///
/// The bytes decide what a stream means, never the cuts; so whatever is true of a stream under one chunking has to
/// be true under all of them. None of them makes an empty piece, and each gives the same pieces every time.
public enum Chunking: Hashable, Sendable {
  /// The pieces as they were given.
  case asWritten
  /// One piece.
  case whole
  /// Pieces of one byte.
  case bytewise
  /// Two pieces, the first of which has this many bytes. A cut outside of the stream leaves it whole.
  case cut(at: Int)
  /// Pieces of random lengths, many short ones and some long ones, that follow from this seed alone.
  case seeded(UInt64)

  /// The stream that `chunks` make up, cut in this way.
  ///
  /// - Complexity: linear in the bytes.
  public func pieces(of chunks: [[UInt8]]) -> [[UInt8]] {
    if self == .asWritten { return chunks.filter { !$0.isEmpty } }
    let stream = chunks.flatMap { $0 }
    var pieces: [[UInt8]] = []
    var start = 0
    for length in lengths(for: stream.count) {
      pieces.append(Array(stream[start..<start + length]))
      start += length
    }
    return pieces
  }

  /// Every chunking that the stream of `chunks` is worth: as written, whole, byte by byte, two pieces at every
  /// place, and eight seeds.
  ///
  /// A stream of more than 512 bytes is cut in two not everywhere, but at every place that is at most 32 bytes
  /// away from one of its ends, at most 2 bytes away from one of the first 32 borders between `chunks`, and at
  /// up to 256 more, spread evenly: as many as make the work a decoding of 64 MiB. Over 1 MiB, byte by byte
  /// is left out. An empty stream cannot be cut at all.
  public static func all(for chunks: [[UInt8]]) -> [Chunking] {
    let count = chunks.reduce(0) { $0 + $1.count }
    guard count > 0 else { return [.asWritten] }
    var all: [Chunking] = [.asWritten, .whole]
    if count <= 1 << 20 { all.append(.bytewise) }
    let cuts = count <= 512 ? Array(1..<count) : selectedCuts(of: chunks, count: count)
    all += cuts.map { .cut(at: $0) }
    all += (1...8).map { .seeded($0) }
    return all
  }

  private static func selectedCuts(of chunks: [[UInt8]], count: Int) -> [Int] {
    var cuts = Set(1...32).union(count - 32...count - 1)
    var border = 0
    for chunk in chunks.prefix(32) {
      border += chunk.count
      cuts.formUnion(border - 2...border + 2)
    }
    let spread = min(256, (64 << 20) / count)
    for i in 1...max(spread, 1) { cuts.insert(count / (spread + 1) * i) }
    return cuts.filter { 1..<count ~= $0 }.sorted()
  }

  private func lengths(for count: Int) -> [Int] {
    guard count > 0 else { return [] }
    switch self {
    case .asWritten, .whole: return [count]
    case .bytewise: return [Int](repeating: 1, count: count)
    case .cut(let place): return 1..<count ~= place ? [place, count - place] : [count]
    case .seeded(let seed):
      var generator = SeededGenerator(seed: seed)
      let widths = 0...(Int.bitWidth - count.leadingZeroBitCount - 1)
      var lengths: [Int] = []
      var rest = count
      while rest > 0 {
        // A random width first, so that all orders of magnitude are equally likely.
        let longest = 1 << Int.random(in: widths, using: &generator)
        let length = min(rest, Int.random(in: 1...longest, using: &generator))
        lengths.append(length)
        rest -= length
      }
      return lengths
    }
  }
}

extension Chunking: CustomStringConvertible {
  /// The chunking in words that name the seed or the place: "cut at 17".
  public var description: String {
    switch self {
    case .asWritten: "as written"
    case .whole: "whole"
    case .bytewise: "byte by byte"
    case .cut(let place): "cut at \(place)"
    case .seeded(let seed): "seed \(seed)"
    }
  }
}
