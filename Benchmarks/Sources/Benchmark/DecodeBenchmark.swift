import Framing

/// Decoding in memory: every framer, payloads and chunks of many sizes, and beside some of them C and SwiftNIO.
struct DecodeBenchmark {
  let options: Options

  /// 0 is the whole stream.
  private static let chunks = [1, 64, 1460, 64 << 10, 0]
  private static let payloads = [16, 64, 1024, 64 << 10]

  func run() -> [Section] {
    var section = Section(
      "decode", title: "Decoding in memory", unit: "ns per message, ratio to C",
      method:
        "CPU time of one thread. Each decoder copies the chunks into a buffer of its own and is asked for every "
        + "message in place; all find the same messages, and what they read of each is its first and last byte. "
        + "\(options.rounds) rounds in turn, each with the stream elsewhere in its page. `framing` is `FrameDecoder`; `NIOExtras` is its decoder in an "
        + "`EmbeddedChannel`, `NIO, bare loop` a `ByteBuffer` and a loop by hand.",
      reference: StreamDecoder.reference)
    for payload in Self.payloads {
      measure(
        "length-prefixed", LengthPrefixedFramer(), payload,
        beside: [.cLengthPrefixed, .nioBareLengthPrefixed, .nioLengthPrefixed], &section)
    }
    for payload in [16, 80, 1024, 64 << 10] {
      measure("lines", LineFramer(), payload, beside: [.cLines, .nioBareLines, .nioLines], &section)
    }
    for payload in Self.payloads {
      measure("fixed-length", FixedLengthFramer(size: payload), payload, &section)
      measure("delimiter, CR LF", DelimiterFramer("\r\n"), payload, &section)
      measure("varint-prefixed", VarintPrefixedFramer(), payload, &section)
      measure("netstring", NetstringFramer(), payload, &section)
      measure("octet-counted", OctetCountedFramer(), payload, &section)
      measure("slip", SLIPFramer(), payload, isText: false, &section)
      measure("cobs", COBSFramer(), payload, isText: false, &section)
      measure("content-length", ContentLengthFramer(), payload, &section)
    }
    return [section]
  }

  private func measure<F: Framer>(
    _ name: String, _ framer: F, _ payload: Int, isText: Bool = true, beside others: [StreamDecoder] = [],
    _ section: inout Section
  ) {
    let decoders =
      others.filter { $0.name == StreamDecoder.reference } + [.framing(framer)]
      + others.filter { $0.name != StreamDecoder.reference }
    let bytes = Stream.payload(payload, isText: isText)
    for chunk in Self.chunks {
      let row = "\(name), \(Self.size(payload)), \(chunk == 0 ? "whole" : Self.size(chunk))"
      guard options.wants(row) else { continue }
      options.say("decoding, \(row)")
      // Byte by byte a short stream takes as long.
      var stream = Stream(framer, payload: bytes, size: chunk == 1 ? 64 << 10 : 1 << 20)
      var columns = decoders.map { (name: $0.name, samples: Samples(values: [])) }
      let expected = decoders[0].decode(stream, chunk)
      precondition(expected.messages == stream.messages, "\(decoders[0].name) lost messages of \(name)")
      for round in 0..<options.rounds {
        stream.move(to: round * 1040 % 4096)
        for (index, decoder) in decoders.enumerated() {
          let time = nanosecondsEach(for: 10) {
            let tally = decoder.decode(stream, chunk)
            precondition(
              tally == expected, "\(decoder.name) decodes \(name) otherwise than \(decoders[0].name)")
            return tally.messages
          }
          columns[index].samples.values.append(time)
        }
      }
      section.add(row: row, columns)
    }
  }

  static func size(_ bytes: Int) -> String {
    switch bytes {
    case (1 << 20)...: "\(bytes >> 20) MiB"
    case 1024... where bytes % 1024 == 0: "\(bytes >> 10) KiB"
    default: "\(bytes) B"
    }
  }
}
