import FramingTestKit
import Testing

@Suite("Cutting streams")
struct ChunkingTests {
  static let streams: [[[UInt8]]] = [
    [],
    [[1]],
    [[1, 2, 3], [4], [5, 6]],
    [[UInt8](repeating: 7, count: 300), [UInt8](0...255)],
    [[UInt8](repeating: 7, count: 9), [UInt8](repeating: 8, count: 5_000)],
  ]

  @Test("loses, adds and moves no byte, and makes no empty piece", arguments: streams)
  func identity(chunks: [[UInt8]]) {
    let stream = chunks.flatMap { $0 }
    for chunking in Chunking.all(for: chunks) {
      let pieces = chunking.pieces(of: chunks)
      let joined = pieces.flatMap { $0 }
      #expect(joined == stream, "\(chunking)")
      #expect(pieces.allSatisfy { !$0.isEmpty }, "\(chunking)")
    }
  }

  @Test("cuts as it says")
  func pieces() {
    let chunks: [[UInt8]] = [[1, 2, 3], [4]]
    #expect(Chunking.asWritten.pieces(of: chunks) == chunks)
    #expect(Chunking.whole.pieces(of: chunks) == [[1, 2, 3, 4]])
    #expect(Chunking.bytewise.pieces(of: chunks) == [[1], [2], [3], [4]])
    #expect(Chunking.cut(at: 1).pieces(of: chunks) == [[1], [2, 3, 4]])
    #expect(Chunking.cut(at: 0).pieces(of: chunks) == [[1, 2, 3, 4]])
    #expect(Chunking.cut(at: 4).pieces(of: chunks) == [[1, 2, 3, 4]])
    #expect(Chunking.whole.pieces(of: []).isEmpty)
  }

  @Test("cuts a short stream at every place", arguments: [1, 2, 6, 512])
  func everyCut(count: Int) {
    let all = Chunking.all(for: [[UInt8](repeating: 0, count: count)])
    #expect(all.filter(\.isCut).count == count - 1)
    #expect(all.count == 3 + (count - 1) + 8)
    #expect(Set(all).count == all.count)
  }

  @Test("cannot cut an empty stream")
  func empty() {
    #expect(Chunking.all(for: []) == [.asWritten])
  }

  @Test("cuts a long stream near its ends, near the borders, and in between")
  func selection() {
    let chunks = [[UInt8](repeating: 0, count: 2_000), [UInt8](repeating: 1, count: 3_000)]
    let all = Set(Chunking.all(for: chunks))
    for place in [1, 32, 1_998, 1_999, 2_000, 2_001, 2_002, 4_968, 4_999] {
      #expect(all.contains(.cut(at: place)), "\(place)")
    }
    #expect(all.filter(\.isCut).count > 256)
    #expect(all.filter(\.isCut).count < 400)
  }

  @Test("leaves out what a very long stream would take too long for")
  func veryLong() {
    let all = Chunking.all(for: [[UInt8](repeating: 0, count: 4 << 20)])
    #expect(!all.contains(.bytewise))
    #expect(all.filter(\.isCut).count == 32 + 32 + 2 + 16 - 2)  // the border behind it is its end
  }

  @Test("gives the same pieces for the same seed, and others for others")
  func seeds() {
    let chunks = [[UInt8](repeating: 0, count: 200)]
    let cuts = (1...8).map { Chunking.seeded($0).pieces(of: chunks).map(\.count) }
    let again = (1...8).map { Chunking.seeded($0).pieces(of: chunks).map(\.count) }
    #expect(cuts == again)
    #expect(Set(cuts).count == 8)
  }

  @Test("names the place or the seed")
  func names() {
    let all: [Chunking] = [.asWritten, .whole, .bytewise, .cut(at: 17), .seeded(3)]
    #expect(all.map(\.description) == ["as written", "whole", "byte by byte", "cut at 17", "seed 3"])
  }

  @Test("draws the numbers of SplitMix64")
  func generator() {
    var generator = SeededGenerator(seed: 0)
    let drawn = (1...3).map { _ in generator.next() }
    #expect(drawn == [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F])
    #expect(generator.seed == 0)
  }
}

extension Chunking {
  fileprivate var isCut: Bool { if case .cut = self { true } else { false } }
}
