import Testing

@testable import FramingTransport

@Suite("The table of sources")
struct SourceTableTests {
  final class Source: EventSource {
    nonisolated func ready(_ readiness: Readiness) {}
    nonisolated func flush() {}
  }

  @Test("finds a source by its token, and nothing once it was removed")
  func finds() {
    var table = SourceTable()
    let sources = (0..<100).map { _ in Source() }
    let tokens = sources.map { table.insert($0) }
    #expect(Set(tokens).count == 100)
    for (token, source) in zip(tokens, sources) { #expect(table[token] === source) }
    for token in tokens { table.remove(token) }
    for token in tokens { #expect(table[token] == nil) }
    #expect(table.isEmpty)
  }

  @Test("never gives a token twice, though it uses the index again")
  func generationGuardsReuse() {
    var table = SourceTable()
    let others = (0..<3).map { _ in Source() }
    let otherTokens = others.map { table.insert($0) }
    var seen: Set<UInt64> = Set(otherTokens)
    var indices: Set<UInt32> = []
    var last: UInt64?
    for _ in 0..<1000 {
      let source = Source()
      let token = table.insert(source)
      #expect(seen.insert(token).inserted)
      indices.insert(UInt32(truncatingIfNeeded: token))
      if let last { #expect(table[last] == nil) }
      #expect(table[token] === source)
      table.remove(token)
      last = token
    }
    #expect(indices.count == 1)
    for (token, source) in zip(otherTokens, others) { #expect(table[token] === source) }
  }

  @Test("does not remove the next source by the token of the one before")
  func removeStale() {
    var table = SourceTable()
    let old = table.insert(Source())
    table.remove(old)
    let source = Source()
    let new = table.insert(source)
    table.remove(old)
    table.remove(old)
    #expect(table[new] === source)
    #expect(!table.isEmpty)
  }

  @Test("knows nothing of tokens that it never gave", arguments: [0, 1, 1 << 32, .max, .max - 1] as [UInt64])
  func unknown(token: UInt64) {
    var table = SourceTable()
    #expect(table[token] == nil)
    table.remove(token)
    #expect(table.isEmpty)
  }

  @Test("keeps a source alive until it is removed")
  func retains() {
    var table = SourceTable()
    weak var witness: Source?
    let token: UInt64
    do {
      let source = Source()
      witness = source
      token = table.insert(source)
    }
    #expect(witness != nil)
    table.remove(token)
    #expect(witness == nil)
  }
}
