// Asks a name server for the addresses of a host, over TCP: RFC 1035, where two bytes of length stand before each message.
//
//     dns-lookup 127.0.0.1:53 example.org [A|AAAA]

import Foundation
import Framing
import FramingTransport

enum LookupError: Error { case badName, badReply(String), refused(code: Int), noReply }

/// A question for the records of `type`, with a number that its answer repeats.
func query(_ name: String, type: UInt16, number: UInt16) throws -> [UInt8] {
  let labels = name.split(separator: ".").map { Array($0.utf8) }
  guard !labels.isEmpty, labels.allSatisfy({ $0.count <= 63 }), name.utf8.count <= 253 else {
    throw LookupError.badName
  }
  let header: [UInt8] = [UInt8(number >> 8), UInt8(number & 0xFF), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  let question = labels.reduce(into: []) { $0 += [UInt8($1.count)] + $1 }
  return header + question + [0, 0, UInt8(type), 0, 1]
}

/// A message that is read from its front. A server may send anything, so nothing is read that is not there.
struct Reader {
  var rest: ArraySlice<UInt8>

  mutating func bytes(_ count: Int) throws -> ArraySlice<UInt8> {
    guard rest.count >= count else { throw LookupError.badReply("it ends too soon") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func number() throws -> UInt16 { try bytes(2).reduce(0) { $0 << 8 | UInt16($1) } }

  /// Steps over a name: labels up to an empty one, or to a pointer, which need not be followed.
  mutating func skipName() throws {
    while true {
      switch try bytes(1).first ?? 0 {
      case 0: return
      case let length where length < 64: _ = try bytes(Int(length))
      case 192...: return _ = try bytes(1)
      default: throw LookupError.badReply("a label has no known kind")
      }
    }
  }
}

/// The addresses that `reply` tells of.
func addresses(in reply: [UInt8], type: UInt16, number: UInt16) throws -> [String] {
  var reader = Reader(rest: reply[...])
  guard try reader.number() == number else { throw LookupError.badReply("it answers another question") }
  let flags = try reader.number()
  guard flags & 0x8000 != 0 else { throw LookupError.badReply("it is a question") }
  guard flags & 0xF == 0 else { throw LookupError.refused(code: Int(flags & 0xF)) }
  let (questions, answers) = (try reader.number(), try reader.number())
  _ = try reader.bytes(4)  // How many records there are that nobody asked for.
  for _ in 0..<questions {
    try reader.skipName()
    _ = try reader.bytes(4)
  }
  var found: [String] = []
  for _ in 0..<answers {
    try reader.skipName()
    let kind = try reader.number()
    _ = try reader.bytes(6)  // Class, and how long it may be kept.
    let value = try reader.bytes(Int(reader.number()))
    guard kind == type else { continue }  // Another name, on the way to the address.
    let bits = value.reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
    switch value.count {
    case 4: found.append(SocketAddress.ipv4(UInt32(bits), port: 0).host)
    case 16: found.append(SocketAddress.ipv6(bits, port: 0, scope: 0).host)
    default: throw LookupError.badReply("an address has \(value.count) bytes")
    }
  }
  return found
}

let words = CommandLine.arguments
guard 3...4 ~= words.count, let server = SocketAddress(words[1]),
  let type: UInt16 = ["A": 1, "AAAA": 28][words.count == 4 ? words[3] : "A"]
else {
  print("usage: dns-lookup ADDRESS:PORT NAME [A|AAAA]")
  exit(64)
}
let number = UInt16.random(in: 0...(.max))
do {
  let question = try query(words[2], type: type, number: number)
  var limits = ConnectionLimits.client
  limits.handshakeTime = .seconds(5)  // How long the server may take for its answer.
  let framer = LengthPrefixedFramer(width: 2, limit: 65_535)
  let connection = try await FramedConnection.connect(to: server, framer: framer, limits: limits)
  try await connection.send(question)
  guard let reply = try await connection.receive() else { throw LookupError.noReply }
  try await connection.close()
  for address in try addresses(in: reply, type: type, number: number) { print(address) }
} catch {
  print("dns-lookup: \(words[2]): \(error)")
  exit(1)
}
