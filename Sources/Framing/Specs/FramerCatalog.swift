#if !hasFeature(Embedded)

/// A framer that has a text form: a name and options.
///
/// The conformance stands in the framer's own file and is the one place that knows its options.
public protocol SpecifiedFramer: Framer, Hashable {
  /// The name in the text form, as `length-prefixed`.
  static var specName: String { get }

  /// What the framing is, in one line.
  static var summary: String { get }

  /// A framer with these options. Every known option is read, the rest is refused by the caller.
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  init(options: inout FramerOptions) throws(FramerSpecError)

  /// The options that make this framer from the text form, those with their default value left out.
  var specOptions: [FramerSpec.Option] { get }
}

extension SpecifiedFramer {
  /// The text form of this framer.
  public var spec: FramerSpec { FramerSpec(self) }
}

/// The framers that can be named in text.
public enum FramerCatalog {
  /// All of them, in the order of PROTOCOL.md.
  public static let framers: [any SpecifiedFramer.Type] = [
    FixedLengthFramer.self,
    DelimiterFramer.self,
    LineFramer.self,
    LengthPrefixedFramer.self,
    VarintPrefixedFramer.self,
    NetstringFramer.self,
    OctetCountedFramer.self,
    SLIPFramer.self,
    COBSFramer.self,
    ContentLengthFramer.self,
    CloseTerminatedFramer.self,
  ]

  /// The options of one of them, in the order in which it reads them.
  public static func options(of framer: any SpecifiedFramer.Type) -> [FramerOption] {
    var options = FramerOptions(text: framer.specName, framer: framer.specName, end: 0, [])
    _ = try? framer.init(options: &options)
    return options.known
  }
}

#endif
