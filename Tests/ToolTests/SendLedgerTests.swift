import Testing

@testable import FramedEcho

@Suite("What a sender waits for")
struct SendLedgerTests {
  private let ledger = SendLedger()

  @Test("is over when everything was sent and each message has its reply, in either order")
  func answered() async {
    await ledger.expect([1])
    await ledger.expect([2])
    #expect(await ledger.difference(of: [1]) == nil)
    await ledger.complete(nil)
    #expect(await !ledger.isAnswered)
    #expect(await ledger.difference(of: [2]) == nil)
    #expect(await ledger.isAnswered)
    #expect(await !ledger.end("closed").isDifferent)
  }

  @Test("is not over while there may be more to send")
  func incomplete() async {
    await ledger.expect([1])
    _ = await ledger.difference(of: [1])
    #expect(await !ledger.isAnswered)
    #expect(await ledger.end("closed").difference == "not everything was sent: closed")
    await ledger.complete(nil)
    #expect(await ledger.isAnswered)
  }

  @Test("is over without a message that was not sent after all")
  func withdrawn() async {
    await ledger.expect([1])
    await ledger.withdraw()
    await ledger.complete(nil)
    #expect(await ledger.isAnswered)
  }

  @Test("is told by the first reply that differs, and by how many are missing")
  func differences() async {
    for byte in 0..<3 { await ledger.expect([UInt8(byte)]) }
    await ledger.complete(nil)
    #expect(
      await ledger.difference(of: [9]) == "reply 1 differs: expected 1 byte \"\\x00\", got 1 byte \"\\t\"")
    #expect(await ledger.difference(of: [9]) == nil)
    let end = await ledger.end("closed")
    #expect(end.isDifferent)
    #expect(end.difference == "replies that differ: 2; reply 3 is missing: closed")
  }
}
