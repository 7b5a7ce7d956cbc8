/// A block of header fields, one of which says how long the payload is, as in the Language Server Protocol.
///
///     | "Content-Length: N" CR LF, other fields | CR LF | payload: N bytes |
///     |<------ block: at most headerLimit bytes ----->|
///
/// `Content-Length: 2\r\n\r\nhi` carries "hi"; a length of 0 is a legal, empty frame. Strict, as what two programs read
/// differently can be used against them: lines end with CR LF; a name is an RFC 9110 token, in any case, with the colon
/// right behind it; blanks around the value are spaces and tabs; the length is digits and nothing else, and is there
/// once. Other fields may hold anything but CR, LF and NUL, and are ignored.
///
/// The block is judged when its blank line is there. Sources: Language Server Protocol 3.17, "Base Protocol"; RFC 9110, 5
/// and 8.6. See PROTOCOL.md, "Content-Length".
public struct ContentLengthFramer: Framer, Hashable {
  /// The longest payload to accept or send, in bytes.
  public let limit: Int
  /// The longest header block to accept, in bytes, with its blank line.
  public let headerLimit: Int

  /// No blank line begins before this index of the unread bytes.
  @usableFromInline internal var searched = ScanState(0)
  /// The header block that was judged, if its payload is still awaited.
  @usableFromInline internal var judged = ScanState<Block?>(nil)

  @usableFromInline
  internal struct Block: Hashable, Sendable {
    @usableFromInline var headerLength: Int
    @usableFromInline var wireLength: Int
  }

  /// Frames as drawn above.
  ///
  /// - Parameters:
  ///   - limit: The longest payload, 16 MiB unless told otherwise.
  ///   - headerLimit: The longest header block, with its blank line, 8 KiB unless told otherwise.
  public init(limit: Int = 16 << 20, headerLimit: Int = 8 << 10) {
    precondition(limit >= 0, "a limit of \(limit) bytes leaves room for no frame")
    precondition(headerLimit >= 1, "a header block of \(headerLimit) bytes leaves room for no field")
    self.limit = limit
    self.headerLimit = headerLimit
  }

  /// Searches for the blank line from where the last call stopped, judges the block, then waits for the payload. Linear in
  /// the block; constant time for the payload.
  ///
  /// - Throws: ``FrameFault/malformed(_:value:)`` for a block that is not as drawn above, or without exactly one length;
  ///   ``FrameFault/tooLong(length:limit:)`` for a length over the limit and, without a length, for a block that
  ///   does not end within its limit.
  public mutating func scan(_ bytes: Span<UInt8>, atEnd: Bool) throws(FrameFault) -> Scan {
    if judged.value == nil { judged.value = try findBlock(in: bytes) }
    guard let block = judged.value else { return .needs(count: 1) }
    guard bytes.count >= block.wireLength else { return .needs(count: block.wireLength - bytes.count) }
    judged.value = nil
    return .frame(payload: block.headerLength..<block.wireLength, wireLength: block.wireLength)
  }

  /// Appends `Content-Length: N`, a blank line and `payload`.
  ///
  /// - Throws: ``FrameFault/tooLong(length:limit:)``, or ``FrameFault/unencodable(_:value:)`` if the header block is
  ///   longer than its limit.
  public func encode(_ payload: Span<UInt8>, into wire: inout FrameBuffer) throws(FrameFault) {
    guard payload.count <= limit else { throw .tooLong(length: UInt64(payload.count), limit: limit) }
    let start = wire.count
    Self.field.withUTF8Buffer { wire.append($0.span) }
    wire.append(decimal: payload.count)
    Self.blankLine.withUTF8Buffer { wire.append($0.span) }
    let headerLength = wire.count - start
    guard headerLength <= headerLimit else {
      wire.removeLast(headerLength)
      throw .unencodable("the header block is longer than its limit", value: UInt64(headerLength))
    }
    wire.append(payload)
  }

  private static var field: StaticString { "Content-Length: " }
  private static var blankLine: StaticString { "\r\n\r\n" }

  // MARK: The block

  /// The header block, judged; `nil` while its blank line is not there.
  private mutating func findBlock(in bytes: Span<UInt8>) throws(FrameFault) -> Block? {
    guard let end = blockEnd(in: bytes) else {
      guard bytes.count < headerLimit else { throw .tooLong(length: nil, limit: headerLimit) }
      return nil
    }
    guard end <= headerLimit else { throw .tooLong(length: nil, limit: headerLimit) }
    searched.value = 0
    let length = try contentLength(in: bytes.extracting(0..<end - 2))
    guard length <= UInt64(limit) else { throw .tooLong(length: length, limit: limit) }
    let (wireLength, overflow) = end.addingReportingOverflow(Int(length))
    guard !overflow else { throw .tooLong(length: length, limit: limit) }
    return Block(headerLength: end, wireLength: wireLength)
  }

  /// The index behind the first blank line, which is CR LF at the front or behind another CR LF.
  private mutating func blockEnd(in bytes: Span<UInt8>) -> Int? {
    if bytes.count >= 2 && isLineEnd(at: 0, in: bytes) { return 2 }
    while let cr = bytes.firstIndex(of: .cr, from: searched.value) {
      searched.value = cr
      guard cr + 4 <= bytes.count else { return nil }
      if isLineEnd(at: cr, in: bytes) && isLineEnd(at: cr + 2, in: bytes) { return cr + 4 }
      searched.value = cr + 1
    }
    searched.value = bytes.count
    return nil
  }

  private func isLineEnd(at index: Int, in bytes: Span<UInt8>) -> Bool {
    bytes[index] == .cr && bytes[index + 1] == .lf
  }

  // MARK: The fields

  /// The one length that `fields`, each with its CR LF, announce; held down to 2⁶⁴-1.
  private func contentLength(in fields: Span<UInt8>) throws(FrameFault) -> UInt64 {
    var length: UInt64?
    var start = 0
    while start < fields.count {
      guard let cr = fields.firstIndex(of: .cr, from: start), isLineEnd(at: cr, in: fields) else {
        throw .malformed("a carriage return alone in a header", value: UInt64(UInt8.cr))
      }
      if let value = try field(fields.extracting(start..<cr)) {
        guard length == nil else { throw .malformed("a second Content-Length", value: value) }
        length = value
      }
      start = cr + 2
    }
    guard let length else { throw .malformed("a header without Content-Length") }
    return length
  }

  /// The value of the field in `line` if it is the length; `nil` if it is another one.
  private func field(_ line: Span<UInt8>) throws(FrameFault) -> UInt64? {
    var colon = 0
    while colon < line.count && line[colon].isTokenCharacter { colon += 1 }
    guard colon < line.count, colon > 0, line[colon] == UInt8(ascii: ":") else {
      throw .malformed(
        "a header line is not a name and a colon", value: colon < line.count ? UInt64(line[colon]) : nil)
    }
    for index in colon + 1..<line.count where line[index] == .lf || line[index] == 0 {
      throw .malformed("a line feed or a zero byte in a header", value: UInt64(line[index]))
    }
    guard isContentLength(line.extracting(0..<colon)) else { return nil }
    var value = line.extracting(colon + 1..<line.count)
    while !value.isEmpty && value[0].isBlank { value = value.extracting(1..<value.count) }
    while !value.isEmpty && value[value.count - 1].isBlank { value = value.extracting(0..<value.count - 1) }
    return try number(value)
  }

  private func isContentLength(_ name: Span<UInt8>) -> Bool {
    Self.field.withUTF8Buffer { field in
      name.count == field.count - 2 && (0..<name.count).allSatisfy { name[$0] | 0x20 == field[$0] | 0x20 }
    }
  }

  private func number(_ digits: Span<UInt8>) throws(FrameFault) -> UInt64 {
    guard !digits.isEmpty else { throw .malformed("Content-Length has no value") }
    var number: UInt64 = 0
    for index in 0..<digits.count {
      guard let digit = digits[index].decimalDigit else {
        throw .malformed("Content-Length is not a decimal number", value: UInt64(digits[index]))
      }
      let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
      number = overflow || carry ? .max : sum
    }
    return number
  }
}

extension UInt8 {
  /// Whether a header name may hold it: `tchar` of RFC 9110, 5.6.2.
  fileprivate var isTokenCharacter: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "!"), 0x23...0x27, UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    case 0x5E...0x60, UInt8(ascii: "|"), UInt8(ascii: "~"): true
    default: false
    }
  }

  fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 }
}

#if !hasFeature(Embedded)
extension ContentLengthFramer: SpecifiedFramer {
  /// `content-length`
  public static var specName: String { "content-length" }
  /// What the framing is, in one line.
  public static var summary: String { "a header block with Content-Length, then that many bytes (LSP)" }

  /// `max=N,header-max=N`
  ///
  /// - Throws: ``FramerSpecError`` for a value that cannot be.
  public init(options: inout FramerOptions) throws(FramerSpecError) {
    self.init(
      limit: try options.integer("max", in: 0...(.max), default: Self().limit, "longest payload in bytes"),
      headerLimit: try options.integer(
        "header-max", in: 1...(.max), default: Self().headerLimit, "longest header block in bytes"))
  }

  /// `max=N,header-max=N`
  public var specOptions: [FramerSpec.Option] {
    var options: [FramerSpec.Option] = []
    if limit != Self().limit { options.append(.init("max", limit)) }
    if headerLimit != Self().headerLimit { options.append(.init("header-max", headerLimit)) }
    return options
  }
}
#endif
