import Framing
import Testing

@testable import FramingTool

@Suite("Inspection")
struct InspectionTests {
  /// Streams and what is shown of them, without the legend.
  static let streams: [(spec: String, wire: String, rows: [String])] = [
    ("lines", "", []),
    (
      "length-prefixed:width=1", "\u{2}hi\u{0}",
      [
        "00000000 <02[68 69                                         |.hi|               #0: 2 bytes",
        "00000003 <00                                               |.|                 #1: 0 bytes",
      ]
    ),
    (  // A frame of more than one row, of sixteen bytes exactly.
      "lines", "0123456789abcde\n0123456789abcdefg\n",
      [
        "00000000 [30 31 32 33 34 35 36 37 38 39 61 62 63 64 65(0a  |0123456789abcde.|  #0: 15 bytes",
        "00000010 [30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|  #1: 17 bytes",
        "00000020  67(0a                                            |g.|",
      ]
    ),
    (  // The size is that of the message, without the byte that stands for its zero.
      "cobs", "\u{2}a\u{2}b\u{0}",
      [
        "00000000 [02 61 02 62(00                                   |.a.b.|             #0: 3 bytes"
      ]
    ),
    (
      "slip", "\u{C0}\u{C0}a\u{C0}\u{C0}",
      [
        "00000000 -c0 c0                                            |..|",
        "00000002 [61(c0                                            |a.|                #0: 1 byte",
        "00000004 -c0                                               |.|",
      ]
    ),
    (  // Nothing says where the frame ends.
      "length-prefixed:width=1,max=2", "\u{1}a\u{3}bcd\u{1}e",
      [
        "00000000 <01[61                                            |.a|                #0: 1 byte",
        "00000002 !03 62 63 64 01 65                                |.bcd.e|",
        "! frame at byte 2 carries 3 bytes; the limit is 2",
      ]
    ),
    (
      "lines:max=2,on-too-long=discard", "abc\nd\nefghijklmnopqrstuvwxyz\nABC\nD\nEFG",
      [
        "00000000 !61 62 63 0a                                      |abc.|",
        "! frame at byte 0 carries more than the limit of 2 bytes",
        "00000004 [64(0a                                            |d.|                #0: 1 byte",
        "00000006 !65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 71 72 73 74  |efghijklmnopqrst|",
        "00000016  75 76 77 78 79 7a 0a                             |uvwxyz.|",
        "! frame at byte 6 carries more than the limit of 2 bytes",
        "0000001d !41 42 43 0a                                      |ABC.|",
        "! frame at byte 29 carries more than the limit of 2 bytes",
        "00000021 [44(0a                                            |D.|                #1: 1 byte",
        "00000023 !45 46 47                                         |EFG|",
        "! frame at byte 35 carries more than the limit of 2 bytes",
      ]
    ),
    (
      "delimiter:bytes=\\n", "a\nb",
      [
        "00000000 [61(0a                                            |a.|                #0: 1 byte",
        "00000002 !62                                               |b|",
        "! frame at byte 2 was cut off: the stream ended after 1 of at least 2 bytes",
      ]
    ),
  ]

  @Test("shows the same however the stream is cut", arguments: streams, [1, 2, 3, 5, 100])
  func cutting(stream: (spec: String, wire: String, rows: [String]), size: Int) throws {
    let legend = stream.wire.isEmpty ? [] : [HexDump.legend(hasColour: false).dropLast().description]
    let text = try Self.inspect(stream.wire, spec: stream.spec, size: size)
    #expect(text.split(separator: "\n").map(String.init) == legend + stream.rows)
  }

  @Test("has colours that say the same as the marks")
  func colours() throws {
    let text = try Self.inspect("\u{1}a", spec: "length-prefixed:width=1", size: 1, hasColour: true)
    #expect(text.contains("\u{1B}[36m<01\u{1B}[0m\u{1B}[32m[61\u{1B}[0m"))
  }

  /// Each character of `wire` is a byte.
  private static func inspect(
    _ wire: String, spec: String, size: Int, hasColour: Bool = false
  ) throws -> String {
    var output = Output(to: nil)
    var inspection = Inspection(try FramerSpec(spec).framer, hasColour: hasColour)
    var rest = wire.unicodeScalars.map { UInt8($0.value) }[...]
    while !rest.isEmpty {
      inspection.append(Array(rest.prefix(size)).span, on: &output)
      rest = rest.dropFirst(size)
    }
    inspection.finish(on: &output)
    return output.takeText()
  }
}
