import Testing

@testable import FramingTransport

@Suite("Resolving off the loop", .timeLimit(.minutes(5)))
struct ResolvingTests {
  private static let addresses: [SocketAddress] = [.loopback(port: 1)]

  @Test("answers as the blocking form does")
  func same() async throws {
    let addresses = try await SocketAddress.resolve(host: "localhost", port: 7777)
    #expect(addresses == (try blocking("localhost", 7777)))
    #expect(try await SocketAddress.resolve(host: "fe80::1%2", port: 1) == blocking("fe80::1%2", 1))
  }

  private func blocking(_ host: String, _ port: UInt16) throws -> [SocketAddress] {
    try SocketAddress.resolve(host: host, port: port)
  }

  @Test("says which host is unknown", arguments: ["no such host", "256.256.256.256."])
  func unknown(host: String) async {
    let failure = await error { () async throws(SocketAddress.ResolveError) in
      _ = try await SocketAddress.resolve(host: host, port: 80)
    }
    guard case .unknownHost(let unknown)? = failure else {
      Issue.record("\(failure.map { "\($0)" } ?? "resolved")")
      return
    }
    #expect(unknown.host == host)
    #expect(failure?.description == unknown.description)
  }

  @Test("ends at once for a task that was cancelled, whatever the system answers")
  func cancelled() async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await error { () async throws(SocketAddress.ResolveError) in
        _ = try await SocketAddress.resolve(host: "localhost", port: 80)
      }
    }
    #expect(await task.value == .cancelled)
  }

  /// A system that answers each query when it is let to.
  private final class Gate: Sendable {
    let entered = Shared<[String]>([])
    let running = Shared(0)
    let most = Shared(0)
    private let open = Shared<Set<String>>([])

    func lookUp(_ query: AddressQuery) -> AddressQuery.Answer {
      entered.change { $0.append(query.host) }
      let count = running.change { count in
        count += 1
        return count
      }
      most.change { $0 = max($0, count) }
      open.wait { $0.contains(query.host) }
      running.change { $0 -= 1 }
      return .success(ResolvingTests.addresses)
    }

    func admit(_ host: String) { open.change { _ = $0.insert(host) } }
  }

  @Test("takes no more threads than it may, and answers first who asked first")
  func bounded() async {
    let gate = Gate()
    let threads = ResolverThreads(limit: 2) { gate.lookUp($0) }
    let answered = Log<String>()
    for host in ["a", "b", "c", "d"] {
      threads.resolve(AddressQuery(host: host, port: 1) { _ in answered.add(host) })
    }
    gate.entered.wait { $0.count >= 2 }
    #expect(answered.entries.isEmpty)
    gate.admit("b")
    #expect(await answered.next() == "b")
    gate.entered.wait { $0.count >= 3 }
    #expect(gate.entered.value.last == "c")
    for host in ["a", "c", "d"] { gate.admit(host) }
    for _ in 0..<3 { _ = await answered.next() }
    #expect(Set(answered.entries) == ["a", "b", "c", "d"])
    #expect(gate.most.value == 2)
  }

  @Test("asks for nobody who has given up while waiting for a thread, and starts threads again later")
  func givenUp() async {
    let gate = Gate()
    let threads = ResolverThreads(limit: 1) { gate.lookUp($0) }
    let answered = Log<String>()
    let queries = ["a", "b", "c"].map { host in
      AddressQuery(host: host, port: 1) { _ in answered.add(host) }
    }
    for query in queries { threads.resolve(query) }
    gate.entered.wait { !$0.isEmpty }
    queries[0].cancel()
    queries[1].cancel()
    gate.admit("c")
    gate.admit("a")
    #expect(await answered.next() == "c")
    #expect(answered.entries == ["c"])
    #expect(gate.entered.value == ["a", "c"])
    gate.admit("d")
    threads.resolve(AddressQuery(host: "d", port: 1) { _ in answered.add("d") })
    #expect(await answered.next() == "d")
  }

  @Test("answers a query once")
  func once() {
    let answers = Shared(0)
    let query = AddressQuery(host: "a", port: 1) { _ in answers.change { $0 += 1 } }
    #expect(!query.isOver)
    query.answer(.success(Self.addresses))
    #expect(query.isOver)
    query.answer(.success(Self.addresses))
    query.cancel()
    #expect(answers.value == 1)
  }
}
