import Framing
import FramingTestKit
import Testing

@Suite("The laws of framing, for every framer of the catalogue")
struct CatalogueLawTests {
  /// The framer, and the same with a larger limit.
  static let specs: [(spec: String, roomier: String?)] = [
    ("fixed-length:size=1", nil),
    ("fixed-length:size=7", nil),
    ("fixed-length:size=600", nil),
    ("delimiter:bytes=\\n,max=16", "delimiter:bytes=\\n,max=4000"),
    ("delimiter:bytes=\\r\\n,max=16", "delimiter:bytes=\\r\\n,max=4000"),
    ("delimiter:bytes=\\r\\n\\r\\n,max=0", "delimiter:bytes=\\r\\n\\r\\n,max=4000"),
    ("delimiter:bytes=aab|ab|a,max=5", "delimiter:bytes=aab|ab|a,max=4000"),
    ("delimiter:bytes=\\r\\n|\\n|\\r,max=16", "delimiter:bytes=\\r\\n|\\n|\\r,max=4000"),
    ("delimiter:bytes=\\n|END,keep=true", nil),
    ("delimiter:bytes=\\n|END,keep=true,max=16", "delimiter:bytes=\\n|END,keep=true,max=4000"),
    ("delimiter:bytes=\\r\\n,final=deliver,max=16", "delimiter:bytes=\\r\\n,final=deliver,max=4000"),
    (
      "delimiter:bytes=\\n|\\r\\n,keep=true,final=deliver,max=16",
      "delimiter:bytes=\\n|\\r\\n,keep=true,final=deliver,max=4000"
    ),
    ("delimiter:bytes=\\0,max=16,on-too-long=discard", "delimiter:bytes=\\0,max=4000"),
    ("delimiter:bytes=\\r\\n,max=3,on-too-long=discard,final=deliver", "delimiter:bytes=\\r\\n,max=4000"),
    ("delimiter:bytes=\\r\\n|\\n|\\r,max=3,on-too-long=discard", "delimiter:bytes=\\r\\n|\\n|\\r,max=4000"),
    ("lines", nil),
    ("lines:max=16", "lines:max=4000"),
    ("lines:max=0", "lines:max=4000"),
    ("lines:final=error,max=16", "lines:max=4000"),
    ("lines:strict=true,max=16", "lines:strict=true,max=4000"),
    ("lines:strict=true,final=error,max=16", "lines:strict=true,max=4000"),
    ("lines:max=4,on-too-long=discard", "lines:max=4000"),
    ("lines:max=4,on-too-long=discard,final=error", "lines:max=4000"),
    ("lines:strict=true,max=4,on-too-long=discard", "lines:strict=true,max=4000"),
    ("lines:strict=true,final=error,max=0,on-too-long=discard", "lines:strict=true,max=4000"),
    ("length-prefixed", nil),
    ("length-prefixed:width=1,max=200", "length-prefixed:width=1,max=255"),
    ("length-prefixed:width=2,max=16", "length-prefixed:width=2,max=4000"),
    ("length-prefixed:width=2,max=0", "length-prefixed:width=2,max=4000"),
    ("length-prefixed:width=3,endian=little,max=16", "length-prefixed:width=3,endian=little,max=4000"),
    ("length-prefixed:width=8,max=300", "length-prefixed:width=8,max=4000"),
    ("length-prefixed:width=2,adjust=-2,max=16", "length-prefixed:width=2,adjust=-2,max=4000"),
    ("length-prefixed:width=2,adjust=3,max=16,min=3", "length-prefixed:width=2,adjust=3,max=4000"),
    ("length-prefixed:width=2,offset=3,max=16", "length-prefixed:width=2,offset=3,max=4000"),
    ("length-prefixed:width=2,offset=3,strip=0,max=16", "length-prefixed:width=2,offset=3,strip=0,max=4000"),
    ("length-prefixed:width=2,offset=3,strip=1,max=16", "length-prefixed:width=2,offset=3,strip=1,max=4000"),
    ("length-prefixed:width=2,strip=5,max=16", "length-prefixed:width=2,strip=5,max=4000"),
    (
      "length-prefixed:width=2,offset=3,magic=F9BE,max=16",
      "length-prefixed:width=2,offset=3,magic=F9BE,max=4000"
    ),
    ("length-prefixed:width=1,max=16,on-too-long=discard", "length-prefixed:width=1,max=255"),
    ("length-prefixed:width=4,max=16,on-too-long=discard", "length-prefixed:max=4000"),
    (
      "length-prefixed:width=2,offset=1,magic=7E,max=0,on-too-long=discard",
      "length-prefixed:width=2,offset=1,magic=7E,max=4000"
    ),
    ("varint-prefixed", nil),
    ("varint-prefixed:max=16", "varint-prefixed:max=4000"),
    ("varint-prefixed:max=300,width=2", "varint-prefixed:max=4000,width=2"),
    ("varint-prefixed:offset=3,max=16", "varint-prefixed:offset=3,max=4000"),
    ("varint-prefixed:offset=1,keep=true,max=16", "varint-prefixed:offset=1,keep=true,max=4000"),
    ("netstring", nil),
    ("netstring:max=16", "netstring:max=4000"),
    ("netstring:max=0", "netstring:max=4000"),
    ("octet-counted", nil),
    ("octet-counted:max=16", "octet-counted:max=4000"),
    ("slip", nil),
    ("slip:max=16", "slip:max=4000"),
    ("slip:max=1", "slip:max=4000"),
    ("cobs", nil),
    ("cobs:max=16", "cobs:max=4000"),
    ("cobs:max=0", "cobs:max=4000"),
    ("cobs:max=300", "cobs:max=4000"),
    ("content-length", nil),
    ("content-length:max=16,header-max=64", "content-length:max=4000,header-max=64"),
    ("content-length:max=0", "content-length:max=4000"),
    ("close-terminated", nil),
    ("close-terminated:max=16", "close-terminated:max=4000"),
  ]

  @Test("obeys them, with small limits and options of all kinds", arguments: specs)
  func options(spec: String, roomier: String?) throws {
    let framer = try FramerSpec(spec)
    let messages =
      Self.messages(for: framer.base)
      + (try roomier.map { try Self.messages(for: FramerSpec($0).base) } ?? [])
    let laws = FramerLaws(
      framer.framer, roomier: try roomier.map { try FramerSpec($0).framer }, messages: messages)
    #expect(laws.violations() == [])
  }

  @Test("obeys them as a preset", arguments: FramerPreset.all)
  func presets(preset: FramerPreset) throws {
    let framer = try FramerSpec(preset.name)
    let laws = FramerLaws(framer.framer, messages: Self.messages(for: framer.base))
    #expect(laws.violations() == [])
  }

  @Test("every framer of the catalogue is checked")
  func coverage() throws {
    let checked = Set(try Self.specs.map { try name(FramerSpec($0.spec).base) })
    #expect(checked == Set(FramerCatalog.framers.map { $0.specName }))
  }

  /// Messages that begin with their own header, or end with their own delimiter, where the framer wants that.
  static func messages(for framer: any SpecifiedFramer) -> [[UInt8]] {
    let bodies = [0, 1, 2, 5, 12, 13, 16, 17, 40, 200, 600, 1500].map { [UInt8](repeating: 0x62, count: $0) }
    switch framer {
    case let framer as LengthPrefixedFramer:
      let whole = LengthPrefixedFramer(
        width: framer.width, endianness: framer.endianness, offset: framer.offset,
        adjustment: framer.adjustment, limit: framer.limit, minimum: framer.minimum, magic: framer.magic)
      return frames(bodies, whole).map { Array($0.dropFirst(framer.strip)) }
    case let framer as VarintPrefixedFramer where framer.keepsHeader:
      return frames(
        bodies, VarintPrefixedFramer(limit: framer.limit, offset: framer.offset, width: framer.width))
    case let framer as DelimiterFramer where framer.keepsDelimiter:
      return framer.delimiters.flatMap { delimiter in bodies.map { $0 + delimiter } }
    default: return []
    }
  }

  private func name<F: SpecifiedFramer>(_ framer: F) -> String { F.specName }

  private static func frames(_ bodies: [[UInt8]], _ framer: some Framer) -> [[UInt8]] {
    bodies.compactMap { body in
      var encoder = FrameEncoder(framer)
      try? encoder.append(body)
      let wire = encoder.takeBytes()
      return wire.isEmpty ? nil : wire
    }
  }
}
