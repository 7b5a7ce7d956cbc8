import Framing
import NIOCore

/// Encoding in memory: every framer, and beside length prefixes what SwiftNIO's `ByteBuffer` does.
struct EncodeBenchmark {
  let options: Options

  func run() -> [Section] {
    var section = Section(
      "encode", title: "Encoding in memory", unit: "ns per message",
      method:
        "CPU time of one thread. Messages are framed into one buffer, which is emptied whenever it holds 64 KiB. "
        + "\(options.rounds) rounds.",
      reference: nil)
    for payload in [16, 64, 1024, 64 << 10] {
      let text = Stream.payload(payload, isText: true)
      let any = Stream.payload(payload, isText: false)
      measure("length-prefixed", LengthPrefixedFramer(), text, beside: ("NIO, by hand", Self.nio), &section)
      measure("lines", LineFramer(), text, &section)
      measure("fixed-length", FixedLengthFramer(size: payload), text, &section)
      measure("delimiter, CR LF", DelimiterFramer("\r\n"), text, &section)
      measure("varint-prefixed", VarintPrefixedFramer(), text, &section)
      measure("netstring", NetstringFramer(), text, &section)
      measure("octet-counted", OctetCountedFramer(), text, &section)
      measure("slip", SLIPFramer(), any, &section)
      measure("cobs", COBSFramer(), any, &section)
      measure("content-length", ContentLengthFramer(), text, &section)
    }
    return [section]
  }

  private static let burst = 64 << 10

  private func measure<F: Framer>(
    _ name: String, _ framer: F, _ payload: [UInt8],
    beside other: (name: String, encode: ([UInt8], Int) -> Void)? = nil, _ section: inout Section
  ) {
    let row = "\(name), \(DecodeBenchmark.size(payload.count))"
    guard options.wants(row) else { return }
    options.say("encoding, \(row)")
    let count = max(16, Self.burst / (payload.count + 4))
    var columns = [(name: "framing", samples: Samples(values: []))]
    if let other { columns.append((other.name, Samples(values: []))) }
    for _ in 0..<options.rounds {
      var encoder = FrameEncoder(framer)
      columns[0].samples.values.append(
        nanosecondsEach(for: 10) {
          for _ in 0..<count {
            do { try encoder.append(payload.span) } catch { preconditionFailure("\(error)") }
            if encoder.count >= Self.burst { encoder.removeFirst(encoder.count) }
          }
          return count
        })
      if let other {
        columns[1].samples.values.append(
          nanosecondsEach(for: 10) {
            other.encode(payload, count)
            return count
          })
      }
    }
    section.add(row: row, columns)
  }

  private static func nio(_ payload: [UInt8], _ count: Int) {
    var buffer = ByteBufferAllocator().buffer(capacity: burst)
    for _ in 0..<count {
      buffer.writeInteger(UInt32(payload.count))
      buffer.writeBytes(payload)
      if buffer.readableBytes >= burst { buffer.clear() }
    }
    precondition(buffer.writerIndex >= 0)
  }
}
