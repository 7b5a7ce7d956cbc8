import Framing
import Testing

@Suite("The text form of a framer")
struct FramerSpecTests {
  static let forms: [(text: String, framer: any SpecifiedFramer)] = [
    ("fixed-length:size=1", FixedLengthFramer(size: 1)),
    ("fixed-length:size=9223372036854775807", FixedLengthFramer(size: .max)),
    ("delimiter:bytes=\\r\\n", DelimiterFramer("\r\n")),
    ("delimiter:bytes=\\r\\n|\\n,keep=true", DelimiterFramer([[13, 10], [10]], keepsDelimiter: true)),
    ("delimiter:bytes=END,final=deliver,max=0", DelimiterFramer("END", finalFrame: .deliver, limit: 0)),
    ("delimiter:bytes=\\0\\t\\,\\|\\\\|=:", DelimiterFramer([[0, 9, 44, 124, 92], [61, 58]])),
    ("delimiter:bytes=\\x20\\x7F\\xC2\\xA7", DelimiterFramer([[0x20, 0x7F, 0xC2, 0xA7]])),
    ("length-prefixed", LengthPrefixedFramer()),
    ("length-prefixed:width=2,max=65535", LengthPrefixedFramer(width: 2, limit: 65_535)),
    ("length-prefixed:adjust=-4", LengthPrefixedFramer.inclusive()),
    ("length-prefixed:width=3,endian=little", LengthPrefixedFramer(width: 3, endianness: .little)),
    ("length-prefixed:offset=1,strip=0", LengthPrefixedFramer(offset: 1, strip: 0)),
    ("length-prefixed:strip=5,max=9,min=1", LengthPrefixedFramer(strip: 5, limit: 9, minimum: 1)),
    (
      "length-prefixed:endian=little,offset=4,magic=F9BEB4D9",
      LengthPrefixedFramer(endianness: .little, offset: 4, magic: [0xF9, 0xBE, 0xB4, 0xD9])
    ),
    (
      "length-prefixed:adjust=-9223372036854775808", LengthPrefixedFramer(adjustment: .min)
    ),
    ("close-terminated", CloseTerminatedFramer()),
    ("close-terminated:max=1", CloseTerminatedFramer(limit: 1)),
  ]

  @Test("reads what it prints, and prints what it reads", arguments: forms)
  func inverse(text: String, framer: any SpecifiedFramer) throws {
    let spec = try FramerSpec(text)
    #expect("\(spec)" == text)
    #expect("\(framer.spec)" == text)
    #expect(spec == framer.spec)
    #expect(spec.hashValue == framer.spec.hashValue)
    #expect(AnyHashable(spec.base) == AnyHashable(framer))
  }

  static let longForms: [(text: String, shortest: String)] = [
    (
      "length-prefixed:width=4,endian=big,offset=0,adjust=0,strip=4,max=16777216,min=0,magic=",
      "length-prefixed"
    ),
    ("length-prefixed:max=7,width=2", "length-prefixed:width=2,max=7"),
    ("length-prefixed:offset=1,magic=ff,strip=5", "length-prefixed:offset=1,magic=FF"),
    ("delimiter:max=1048576,final=error,keep=false,bytes=\\x0a", "delimiter:bytes=\\n"),
    ("delimiter:bytes=§ ;", "delimiter:bytes=\\xC2\\xA7\\x20;"),
    ("fixed-length:size=007", "fixed-length:size=7"),
    ("close-terminated:max=16777216", "close-terminated"),
  ]

  @Test("prints the shortest text for any that it reads", arguments: longForms)
  func shortest(text: String, shortest: String) throws {
    #expect("\(try FramerSpec(text))" == shortest)
  }

  private static let lengthKeys = "width, endian, offset, adjust, strip, max, min, magic, on-too-long"
  private static let names =
    FramerCatalog.framers.map { $0.specName }.joined(separator: ", ") + ", and the presets "
    + FramerPreset.all.map(\.name).joined(separator: ", ")
  static let escapes = #"unknown escape; known are \n \r \t \0 \\ \, \| and \xHH"#
  static let sequences = "bytes is one or more byte sequences separated by |, none of them empty"
  static let pairs = "magic is pairs of hexadecimal digits, as magic=F9BEB4D9"

  static let mistakes: [(text: String, position: Int, problem: String)] = [
    ("", 0, "unknown framer \"\"; known are \(names)"),
    (
      "lengthprefixed:width=2", 0,
      "unknown framer \"lengthprefixed\"; did you mean length-prefixed? known are \(names)"
    ),
    (" delimiter:bytes=a", 0, "unknown framer \" delimiter\"; known are \(names)"),
    ("fixed-length", 12, "fixed-length needs size=N"),
    ("fixed-length:", 13, "expected key=value; a comma in a value is written \\,"),
    ("fixed-length:size", 13, "expected key=value; a comma in a value is written \\,"),
    ("fixed-length:=3", 13, "expected key=value; a comma in a value is written \\,"),
    ("fixed-length:size=3,", 20, "expected key=value; a comma in a value is written \\,"),
    ("fixed-length:size=3,size=4", 20, "size is there twice"),
    ("fixed-length:size=", 18, "size is a whole number, 1 or more; not \"\""),
    ("fixed-length:size=x", 18, "size is a whole number, 1 or more; not \"x\""),
    ("fixed-length:size=0", 18, "size is a whole number, 1 or more; not \"0\""),
    ("fixed-length:size=+3", 18, "size is a whole number, 1 or more; not \"+3\""),
    ("fixed-length:size= 3", 18, "size is a whole number, 1 or more; not \" 3\""),
    (
      "fixed-length:size=9223372036854775808", 18,
      "size is a whole number, 1 to 9223372036854775807; not \"9223372036854775808\""
    ),
    ("fixed-length:size=3|4", 18, "size has one value, without |"),
    ("fixed-length:size=3,max=9", 20, "fixed-length has no option \"max\"; it has size"),
    ("fixed-length: size=3", 13, "fixed-length has no option \" size\"; it has size"),
    ("delimiter:byte=a", 10, "delimiter has no option \"byte\"; it has bytes, keep, final, max, on-too-long"),
    ("fixed-length:Size=3,size=3", 13, "fixed-length has no option \"Size\"; it has size"),
    ("delimiter:max=3", 15, "delimiter needs bytes=BYTES, as bytes=\\r\\n"),
    ("delimiter:bytes=", 16, sequences),
    ("delimiter:bytes=a||b", 16, sequences),
    ("delimiter:bytes=a|\\x61", 16, "bytes has a byte sequence twice"),
    ("delimiter:bytes=a\\q", 17, escapes),
    ("delimiter:bytes=\\", 16, escapes),
    ("delimiter:bytes=\\x0", 16, escapes),
    ("delimiter:bytes=\\x0g", 16, escapes),
    ("delimiter:bytes=a,keep=yes", 23, "keep is true or false; not \"yes\""),
    ("delimiter:bytes=a,final=maybe", 24, "final is error or deliver; not \"maybe\""),
    (
      "delimiter:bytes=a,lines=1", 18,
      "delimiter has no option \"lines\"; it has bytes, keep, final, max, on-too-long"
    ),
    ("delimiter:bytes=a,max=-1", 22, "max is a whole number, 0 or more; not \"-1\""),
    ("length-prefixed:width=9", 22, "width is a whole number, 1 to 8; not \"9\""),
    ("length-prefixed:endian=middle", 23, "endian is big or little; not \"middle\""),
    ("length-prefixed:offset=65536", 23, "offset is a whole number, 0 to 65535; not \"65536\""),
    ("length-prefixed:adjust=1.5", 23, "adjust is a whole number; not \"1.5\""),
    ("length-prefixed:max=3,min=4", 26, "min is a whole number, 0 to 3; not \"4\""),
    ("length-prefixed:offset=9,magic=ABC", 33, pairs),
    ("length-prefixed:offset=9,magic=0x", 31, pairs),
    ("length-prefixed:offset=1,magic=ABCD", 31, "magic has 2 bytes; there is room for 1"),
    (
      "length-prefixed:with=2", 16,
      "length-prefixed has no option \"with\"; it has \(lengthKeys)"
    ),
    ("dsn", 0, "unknown framer \"dsn\"; did you mean dns? known are \(names)"),
    ("dns,max=5", 0, "unknown framer \"dns,max=5\"; did you mean dns? known are \(names)"),
    (
      "Fixed_Length:size=1", 0,
      "unknown framer \"Fixed_Length\"; did you mean fixed-length? known are \(names)"
    ),
    ("unknown:=", 0, "unknown framer \"unknown\"; known are \(names)"),
    ("dns:size=3", 4, "length-prefixed has no option \"size\"; it has \(lengthKeys)"),
    ("mysql:min=99999999", 10, "min is a whole number, 0 to 16777216; not \"99999999\""),
    ("bgp:max=0", 0, "of the preset, min is a whole number, 0 to 0; not \"1\""),
    ("bgp:offset=2", 0, "of the preset, magic has 16 bytes; there is room for 2"),
    (
      "length-prefixed:strip=1048577", 22, "strip is a whole number, 0 to 1048576; not \"1048577\""
    ),
    ("lines:on-too-long=split", 18, "on-too-long is fail or discard; not \"split\""),
    ("varint-prefixed:width=11", 22, "width is a whole number, 1 to 10; not \"11\""),
    ("close-terminated:max=0", 21, "max is a whole number, 1 or more; not \"0\""),
    ("é:size=3", 0, "unknown framer \"é\"; known are \(names)"),
    ("delimiter:bytes=é\\q", 18, escapes),
  ]

  @Test("refuses a mistake, shows its place and says what is known", arguments: mistakes)
  func mistake(text: String, position: Int, problem: String) {
    let error = FramerSpecError(text: text, position: position, problem: problem)
    #expect(throws: error) { try FramerSpec(text) }
    #expect("\(error)" == "framer \"\(text)\", character \(position + 1): \(problem)")
  }

  @Test("makes a framer that frames as its text says")
  func framer() throws {
    let outcome = decode(
      [2, 0, 104, 105], by: try FramerSpec("length-prefixed:width=2,endian=little").framer)
    #expect(outcome == Outcome(messages: [bytes("hi")]))
  }

  @Test("resolves each preset, whose text is the shortest of its framer", arguments: FramerPreset.all)
  func preset(preset: FramerPreset) throws {
    #expect(try FramerSpec(preset.name).description == preset.spec)
    #expect(!preset.summary.contains("\n") && !preset.summary.isEmpty && !preset.source.isEmpty)
  }

  @Test("lets options replace those of a preset, and keeps the others")
  func replacedOptions() throws {
    #expect(try FramerSpec("dns:max=512").description == "length-prefixed:width=2,max=512")
    #expect(try FramerSpec("kafka:max=7").description == "length-prefixed:max=7")
    #expect(try FramerSpec("tpkt:magic=").description == "length-prefixed:width=2,offset=2,adjust=-4,min=3")
  }

  @Test("has no preset twice, nor one with the name of a framer")
  func presetNames() {
    let names = FramerPreset.all.map(\.name) + FramerCatalog.framers.map { $0.specName }
    #expect(Set(names).count == names.count)
    #expect(FramerPreset.all.map(\.name) == FramerPreset.all.map(\.name).sorted())
  }

  @Test("describes every option of every framer: key, form, default and meaning")
  func options() {
    for framer in FramerCatalog.framers {
      let options = FramerCatalog.options(of: framer)
      #expect(!options.isEmpty && Set(options.map(\.key)).count == options.count, "\(framer.specName)")
      #expect(options.allSatisfy { !$0.form.isEmpty && !$0.meaning.isEmpty && !$0.meaning.contains("\n") })
    }
    #expect(
      FramerCatalog.options(of: FixedLengthFramer.self)
        == [FramerOption(key: "size", form: "N", default: nil, meaning: "bytes of each frame")])
  }

  @Test("names every framer once, with a summary in one line")
  func catalog() {
    let names = FramerCatalog.framers.map { $0.specName }
    #expect(Set(names).count == names.count)
    for framer in FramerCatalog.framers {
      #expect(!framer.summary.isEmpty && !framer.summary.contains("\n"), "\(framer.specName)")
    }
  }
}
