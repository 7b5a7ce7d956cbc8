import Framing
import FramingSimulation
import FramingTransport

/// A stream of sixteen bytes, and what it carries, to be cut in all 32,768 ways.
struct SixteenBytes: Sendable {
  let spec: FramerSpec
  let messages: [[UInt8]]

  private init(_ spec: FramerSpec, _ messages: [String]) {
    self.spec = spec
    self.messages = messages.map { Array($0.utf8) }
  }

  static let lengthPrefixed = SixteenBytes(LengthPrefixedFramer(width: 2).spec, ["", "a", "bcdefghij"])
  static let all = [
    lengthPrefixed,
    SixteenBytes(LineFramer().spec, ["ab", "", "cdefg", "hijkl"]),
    SixteenBytes(NetstringFramer().spec, ["", "abc", "defg"]),
    SixteenBytes(COBSFramer().spec, ["", "abcdef", "ghij"]),
    SixteenBytes(VarintPrefixedFramer().spec, ["", "abcdefghijklm", ""]),
  ]

  /// Sends it over one connection again and again, with a cut between any two and at the places inside of it, in both
  /// directions, that are the bits of its number.
  func run(numbers: Range<Int>, style: EchoScenario.Style) throws {
    var encoder = FrameEncoder(spec.framer)
    for message in messages { try encoder.append(message) }
    let count = encoder.takeBytes().count
    guard count == 16 else { throw Wrong(description: "\(spec): the stream has \(count) bytes") }

    let network = SimulatedNetwork.calm()
    network.cut { place in
      let (number, inside) = place.quotientAndRemainder(dividingBy: 16)
      return inside == 0 || (numbers.lowerBound + number) >> (inside - 1) & 1 == 1
    }
    try network.run { [self] in
      switch style {
      case .sync: try await withServer(spec.framer) { server in try await exchange(numbers, with: server) }
      case .async:
        try await withServer(
          spec.framer,
          handler: { connection in
            for try await message in connection.messages { try await connection.send(message) }
          }
        ) { server in try await exchange(numbers, with: server) }
      }
    }
  }

  private func exchange(_ numbers: Range<Int>, with server: FramedServer) async throws {
    let client = try await FramedConnection.to(server, spec.framer)
    for number in numbers {
      for message in messages { try await client.send(message) }
      for message in messages {
        let reply = try await client.receive()
        guard reply == message else {
          throw Wrong(description: "\(spec): cut as \(number) says, \(message) came back as \(reply ?? [])")
        }
      }
    }
    try await client.close()
  }

  private struct Wrong: Error, CustomStringConvertible {
    let description: String
  }
}
