import CSystemShims
import Framing
import FramingSimulation
import FramingTransport
import Testing

@Suite("A slow peer, in a simulation", .ownThreads, .timeLimit(.minutes(10)))
struct SlownessTests {
  @Test("holds the sender at its high mark, and lets it go on below the low one")
  func backPressure() throws {
    let network = SimulatedNetwork.calm()
    var limits = ConnectionLimits.client
    limits.queuedBytes = 32 << 10
    limits.writeTime = nil
    let clientLimits = limits
    let size = 4 << 10
    let (mostQueued, sentWhenStuck, sentLater) = try network.run {
      let mayRead = Shared(false)
      return try await withServer(
        handler: { connection in
          while !mayRead.value { await network.pass(.seconds(1)) }
          for try await _ in connection.messages {}
        }
      ) { server in
        let client = try await FramedConnection.to(server, limits: clientLimits)
        let sent = Shared(0)
        let most = Shared(0)
        async let writing: Void = {
          for _ in 0..<200 {
            try await client.send([UInt8](repeating: 1, count: size))
            sent.change { $0 += 1 }
            let queued = await client.queuedBytes
            most.change { $0 = max($0, queued) }
          }
        }()
        await network.pass(.seconds(10))
        let stuck = sent.value
        mayRead.change { $0 = true }
        try await writing
        let all = sent.value
        try await client.close()
        return (most.value, stuck, all)
      }
    }
    #expect(mostQueued <= clientLimits.queuedBytes + size + 4)
    // What kernel and peer hold, and the queue; not more, and not everything.
    #expect(sentWhenStuck < 200)
    #expect(sentWhenStuck * size >= 64 << 10)
    #expect(sentLater == 200)
  }

  @Test("that sends a byte just before each deadline is closed when its message is not whole in time")
  func slowloris() throws {
    let network = SimulatedNetwork.calm()
    let failures = Shared<[String]>([])
    let error = try network.run {
      var limits = ServerLimits()
      limits.connection.messageTime = .seconds(30)
      return try await withServer(limits: limits, failures: failures) { server in
        let client = try await FramedConnection.to(server, RawFramer())
        var error: ConnectionError?
        do throws(ConnectionError) {
          // A whole frame, and then one of 1000 bytes, a byte every 29 seconds.
          try await client.send([0, 0, 0, 0])
          for byte in [0, 0, 3, 232] + [UInt8](repeating: 0, count: 100) {
            try await client.send([byte])
            await network.pass(.seconds(29))
          }
        } catch let thrown {
          error = thrown
        }
        await client.reset()
        return error
      }
    }
    #expect(error != nil)
    #expect(failures.value == ["a message was begun and not whole in time"])
    #expect(network.time < .seconds(120))
  }

  @Test("does not keep two fast ones waiting")
  func fairness() throws {
    let network = SimulatedNetwork.calm()
    let rounds = try network.run {
      try await withServer { server in
        let slow = try await FramedConnection.to(server)
        // More than it will ever read.
        for _ in 0..<32 { try await slow.queue([UInt8](repeating: 1, count: 1 << 14)) }
        var rounds = [0, 0]
        let fast = [try await FramedConnection.to(server), try await FramedConnection.to(server)]
        for _ in 0..<50 {
          for (index, client) in fast.enumerated() {
            try await client.send([UInt8(index)])
            if try await client.receive() == [UInt8(index)] { rounds[index] += 1 }
          }
        }
        for client in fast { try await client.close() }
        await slow.reset()
        return rounds
      }
    }
    #expect(rounds == [50, 50])
    // Each round is a way there and back, and waits for nobody.
    #expect(network.time < .milliseconds(100))
  }
}
