#if !hasFeature(Embedded)

/// A framer whose type is chosen at run time, as by a ``FramerSpec``.
///
/// Costs one dynamic call a scan; where the framing is known when the program is compiled, use its own type.
public struct AnyFramer: Framer {
  /// The framer itself, with its scan position.
  public private(set) var base: any Framer

  /// A framer that does what `base` does.
  public init(_ base: any Framer) {
    self.base = (base as? AnyFramer)?.base ?? base
  }

  /// Asks the framer itself.
  ///
  /// - Throws: What that throws.
  public mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    try base.scan(bytes, atEnd: atEnd)
  }

  /// Asks the framer itself.
  ///
  /// - Throws: What that throws.
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    try base.encode(payload, into: &wire)
  }

  /// Asks the framer itself.
  public func unescape(_ payload: inout MutableSpan<UInt8>) -> Int { base.unescape(&payload) }

  /// Asks the framer itself.
  public mutating func recover(from fault: FrameFault, in bytes: Span<UInt8>) -> Int? {
    base.recover(from: fault, in: bytes)
  }

  /// What the framer itself says.
  public var isLeavingOut: Bool { base.isLeavingOut }

  /// What the framer itself says.
  public var endsWithStream: Bool { base.endsWithStream }
}

#endif
