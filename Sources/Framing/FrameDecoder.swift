/// Bytes in, cut anywhere; whole messages out.
///
/// ```swift
/// var decoder = FrameDecoder(LengthPrefixedFramer())
/// decoder.append(chunk)                                        // any chunk, cut anywhere
/// while let message = try decoder.next() { use(message) }      // [UInt8], a copy
///
/// try decoder.finish()                                         // the peer closed
/// while let message = try decoder.next() { use(message) }      // what only the end made whole
/// ```
///
/// The result depends on the bytes alone, never on how they were cut: the same messages, then the same error at
/// the same offset. Messages that were whole before an error are delivered first. After an error the decoder
/// stays failed: it repeats the error and drops whatever is appended. The exception is a framer that was told to
/// leave over-long frames out (``TooLongFrame/discard``): it reports each of them once, and goes on behind it.
///
/// Memory grows with the bytes that came, at most to the framer's limit and one chunk; never with a length
/// that a peer merely announced.
public struct FrameDecoder<F: Framer>: ~Copyable, Sendable {
  /// How many bytes of the stream lie before the first unread byte.
  @inlinable public var offset: UInt64 { taken }

  /// The rule that decides, with its scan position.
  @usableFromInline internal var rule: F
  @usableFromInline internal var atEnd = false
  @usableFromInline internal var taken: UInt64 = 0
  // Also for who moves bytes in and out without knowing the framer's type, as connections do.
  @usableFromInline package var buffer: FrameBuffer
  /// No frame can be whole before this many bytes are unread: the framer said so.
  @usableFromInline internal var wanted = 1
  /// What is looked at before the framer is asked; most often nothing.
  @usableFromInline internal var hindrance: Hindrance?

  /// The error that ended the stream for good; `nil` as long as there may be another message.
  ///
  /// Tells an error after which decoding goes on, behind a frame that was left out, from a final one.
  @inlinable
  public var failure: FramingError? { if case .failure(let error)? = hindrance { error } else { nil } }

  /// A decoder at the beginning of a stream.
  @inlinable
  public init(_ framer: F) {
    self.rule = framer
    self.buffer = FrameBuffer()
  }

  // MARK: Bytes in

  /// Appends bytes that have arrived; after a final error they are dropped. Not to be called after ``finish()``.
  ///
  /// - Complexity: amortised linear in the bytes.
  @inlinable
  public mutating func append(_ bytes: Span<UInt8>) {
    admit()
    if failure == nil { buffer.append(bytes) }
  }

  /// Appends bytes that have arrived; after a final error they are dropped. Not to be called after ``finish()``.
  ///
  /// - Complexity: amortised linear in the bytes.
  @inlinable
  public mutating func append(_ bytes: some Collection<UInt8>) {
    admit()
    if failure == nil { buffer.append(bytes) }
  }

  /// Lets `body` write arriving bytes straight into the buffer, as `recv` does.
  ///
  /// - Parameters:
  ///   - room: How many bytes `body` shall be able to write at least.
  ///   - body: Gets the spare room and answers how many bytes it wrote at its front.
  /// - Returns: What `body` answered.
  /// - Complexity: amortised constant, besides `body`.
  @inlinable
  public mutating func fill<Failure: Error>(
    room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    admit()
    let written = try buffer.fill(room: room, body)
    if failure != nil { buffer.removeAll() }
    return written
  }

  /// Takes note that the peer has closed: no byte follows.
  ///
  /// Take messages with ``next()`` afterwards, too: those that were not taken before, and what only the end makes whole
  /// (``CloseTerminatedFramer``; the last line of ``LineFramer``; ``DelimiterFramer`` with ``FinalFrame/deliver`` or
  /// with a delimiter that was held). If an error lies behind such messages, ``next()`` throws it after the last.
  ///
  /// - Throws: ``FramingError`` if no message lies before it, as ``next()`` would: with
  ///   ``FrameFault/truncated(received:expected:)`` if the stream ended inside a frame. A final error is thrown again by
  ///   every further call.
  @inlinable
  public mutating func finish() throws(FramingError) {
    if !atEnd {
      atEnd = true
      wanted = 1
    }
    // Only a look: a framer starts afresh after a frame, so `next()` finds the same one again.
    _ = try locate()
  }

  // MARK: Messages out

  /// Takes the next message, a copy, or `nil` if there is no whole one yet.
  ///
  /// - Throws: ``FramingError``, behind the last whole message: at every later call again, unless ``failure`` is `nil`
  ///   then, because a frame was left out and decoding goes on behind it.
  /// - Complexity: linear in the message; one allocation.
  @inlinable
  public mutating func next() throws(FramingError) -> [UInt8]? {
    try withNextMessage { [UInt8](copying: $0) }
  }

  /// Calls `body` with each whole message, in place: no copy, no allocation.
  ///
  /// - Throws: ``FramingError``, as ``next()`` would, behind the messages that lie before it.
  /// - Complexity: linear in the unread bytes, none of which is looked at twice over all calls.
  @inlinable
  public mutating func forEachMessage(_ body: (Span<UInt8>) -> Void) throws(FramingError) {
    try takeMessages { message in
      body(message)
      return true
    }
  }

  /// Calls `body` with the next whole message, in place, and takes it.
  ///
  /// - Returns: What `body` answered, or `nil` without a call if there is no whole message yet.
  /// - Throws: ``FramingError``, behind the last whole message: at every later call again, unless ``failure`` is `nil`
  ///   then, because a frame was left out and decoding goes on behind it.
  /// - Complexity: constant, besides `body`, for a framing with a length; for one that searches, linear in the bytes that
  ///   were not searched before.
  @inlinable
  @inline(__always)
  public mutating func withNextMessage<Result>(
    _ body: (Span<UInt8>) -> Result
  ) throws(FramingError) -> Result? {
    var result: Result?
    try takeMessages { message in
      result = body(message)
      return false
    }
    return result
  }

  /// Calls `body` with each whole message, in place, and takes them, until it answers `false`.
  ///
  /// - Throws: ``FramingError``, as ``next()`` would, behind the messages that lie before it.
  /// - Complexity: As of ``forEachMessage(_:)``.
  @inlinable
  @inline(__always)
  package mutating func takeMessages(_ body: (Span<UInt8>) -> Bool) throws(FramingError) {
    // What comes seldom is kept apart, so that it costs no registers here.
    if hindrance != nil, try !clearTheWay() { return }
    let available = buffer.count
    if available < wanted { return }
    // How far it has come stays in a register: to store and load it again takes longer than to find the next frame.
    let start = buffer.start
    var position = 0
    var goesOn = true
    repeat {
      let unread = available &- position
      let frame: Located
      switch try scan(start + position, count: unread, behind: position) {
      case .frame(let payload, let wireLength):
        frame = Located(payload, wireLength: wireLength, isEscaped: false, within: unread)
      case .escapedFrame(let payload, let wireLength):
        frame = Located(payload, wireLength: wireLength, isEscaped: true, within: unread)
      case .skip(let count):
        position &+= skipped(count, of: unread)
        continue
      case .needs(let count):
        if position > 0 { take(position) }
        return try need(count, besides: unread)
      }
      let payload = start + position + frame.start
      let count = frame.isEscaped ? unescape(payload, count: frame.count) : frame.count
      goesOn = body(UnsafeBufferPointer(start: payload, count: count).span)
      position &+= frame.wireLength
    } while goesOn && position < available
    take(position)
  }

  /// Finds the next frame without taking it, or `nil` if there is no whole one yet.
  ///
  /// ``withUnreadBytes(_:)`` shows it as it stands on the wire, and ``next()`` takes its message.
  ///
  /// - Throws: ``FramingError``, as ``next()`` would.
  @inlinable
  public mutating func peek() throws(FramingError) -> FrameLocation? {
    guard let frame = try locate() else { return nil }
    return FrameLocation(
      offset: offset, wireLength: frame.wireLength, payload: frame.start..<frame.start + frame.count)
  }

  // MARK: Changing the framing in mid-stream

  /// The unread bytes under another framing, with the offset carried on.
  ///
  /// For protocols that begin as text and go on in binary: take the last message of the first framing,
  /// then change; what had already arrived behind it is decoded by `framer`. Also for another limit of the same framing.
  /// A frame that is just being left out (``TooLongFrame/discard``) is left out to its end.
  ///
  /// - Complexity: constant; no byte is moved.
  @inlinable
  public consuming func changing<G: Framer>(to framer: G) -> FrameDecoder<G> {
    let hindrance = hindranceForNext()
    return FrameDecoder<G>(
      framer, continuing: buffer, offset: offset, atEnd: atEnd, hinderedBy: hindrance)
  }

  @usableFromInline
  internal func hindranceForNext() -> Hindrance? {
    // The first of several changes knows; the framers in between were not asked yet.
    hindrance ?? (rule.isLeavingOut ? .leftOut(LeftOutFrame(rule)) : nil)
  }

  @usableFromInline
  internal init(
    _ framer: F, continuing buffer: consuming FrameBuffer, offset: UInt64, atEnd: Bool,
    hinderedBy hindrance: Hindrance?
  ) {
    self.rule = framer
    self.buffer = buffer
    self.taken = offset
    self.atEnd = atEnd
    self.hindrance = hindrance
  }

  // MARK: The bytes in between

  /// How many bytes have arrived and were not taken with a message.
  @inlinable
  public var unreadCount: Int { buffer.count }

  /// How many more bytes have to arrive at least before there can be another message; 0 if unknown.
  @inlinable
  public var missingCount: Int { max(0, wanted - buffer.count) }

  /// Calls `body` with the bytes that have arrived and were not taken with a message.
  @inlinable
  public func withUnreadBytes<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try buffer.withBytes(body)
  }

  /// How many bytes of memory the decoder holds for what has come.
  @inlinable
  public var capacity: Int { buffer.capacity }

  /// Exchanges the decoder's memory. See ``FrameBuffer/exchange(with:carrying:)``.
  @inlinable
  public mutating func exchangeBuffer(with spare: inout FrameBuffer, carrying limit: Int = 0) {
    buffer.exchange(with: &spare, carrying: limit)
  }

  /// Gives back memory that the unread bytes do not need. See ``FrameBuffer/shrink()``.
  public mutating func shrinkBuffer() { buffer.shrink() }

  // MARK: The one place that asks the framer

  @usableFromInline
  internal struct Located {
    @usableFromInline var start: Int
    @usableFromInline var count: Int
    @usableFromInline var wireLength: Int
    @usableFromInline var isEscaped: Bool
    @inlinable
    init(_ payload: Range<Int>, wireLength: Int, isEscaped: Bool, within available: Int) {
      precondition(
        wireLength > 0 && wireLength <= available && payload.lowerBound >= 0
          && payload.upperBound <= wireLength,
        "a framer answered a frame that is empty on the wire or reaches beyond the bytes it was shown")
      self.start = payload.lowerBound
      self.count = payload.upperBound &- payload.lowerBound
      self.wireLength = wireLength
      self.isEscaped = isEscaped
    }
  }

  /// Finds the next frame, over as many skipped bytes as there are, and does not take it.
  @inlinable
  internal mutating func locate() throws(FramingError) -> Located? {
    if hindrance != nil, try !clearTheWay() { return nil }
    while buffer.count >= wanted {
      let available = buffer.count
      switch try scan(buffer.start, count: available, behind: 0) {
      case .frame(let payload, let wireLength):
        return Located(payload, wireLength: wireLength, isEscaped: false, within: available)
      case .escapedFrame(let payload, let wireLength):
        return Located(payload, wireLength: wireLength, isEscaped: true, within: available)
      case .skip(let count): take(skipped(count, of: available))
      case .needs(let count):
        try need(count, besides: available)
        return nil
      }
    }
    return nil
  }

  /// Asks the framer about `count` unread bytes, behind so many that are as good as taken.
  @inlinable
  @inline(__always)
  internal mutating func scan(
    _ start: UnsafeMutablePointer<UInt8>, count: Int, behind position: Int
  ) throws(FramingError) -> Scan {
    do throws(FrameFault) {
      return try rule.scan(UnsafeBufferPointer(start: start, count: count).span, atEnd: atEnd)
    } catch {
      if position > 0 { take(position) }
      throw report(error)
    }
  }

  /// What the framer skips, checked.
  @inlinable
  @inline(__always)
  internal func skipped(_ count: Int, of available: Int) -> Int {
    precondition(count > 0 && count <= available, "a framer skipped no byte, or more than it was shown")
    return count
  }

  /// Makes the message of an escaped payload, in place, and answers its length.
  @inlinable
  internal func unescape(_ start: UnsafeMutablePointer<UInt8>, count: Int) -> Int {
    var payload = UnsafeMutableBufferPointer(start: start, count: count).mutableSpan
    let messageCount = rule.unescape(&payload)
    precondition(0...count ~= messageCount, "a framer unescaped a payload to more bytes than it had")
    return messageCount
  }

  @inlinable
  @inline(__always)
  internal mutating func need(_ count: Int, besides available: Int) throws(FramingError) {
    precondition(count > 0, "a framer needs no further byte and yet answered no frame")
    let (expected, overflow) = available.addingReportingOverflow(count)
    wanted = overflow ? Int.max : expected
    if atEnd { throw fail(.truncated(received: available, expected: wanted)) }
  }

  @inlinable
  @inline(__always)
  internal mutating func take(_ wireLength: Int) {
    buffer.advance(wireLength)
    taken &+= UInt64(truncatingIfNeeded: wireLength)
    wanted = 1
  }

  /// Throws the failure, or drops the rest of a left-out frame; answers whether the framer can be asked.
  @usableFromInline
  internal mutating func clearTheWay() throws(FramingError) -> Bool {
    let leftOut: LeftOutFrame
    switch hindrance {
    case .failure(let error)?: throw error
    case .leftOut(let frame)?: leftOut = frame
    case nil: return true
    }
    while buffer.count > 0 {
      let unread = UnsafeBufferPointer(start: buffer.start, count: buffer.count).span
      guard let count = leftOut.drop(unread, atEnd) else { break }
      if count == 0 { return false }
      take(skipped(count, of: buffer.count))
    }
    if leftOut.isOver() || atEnd {
      hindrance = nil
    }
    return hindrance == nil
  }

  /// The error for what the framer has thrown; it is final unless the framer can leave the frame out.
  @usableFromInline
  internal mutating func report(_ fault: FrameFault) -> FramingError {
    let available = buffer.count
    let unread = UnsafeBufferPointer(start: buffer.start, count: available).span
    // Without progress the same fault would come for ever.
    guard let count = rule.recover(from: fault, in: unread), count > 0 else { return fail(fault) }
    precondition(count <= available, "a framer dropped more bytes than it was shown")
    let error = FramingError(fault, at: offset)
    take(count)
    return error
  }

  @usableFromInline
  internal mutating func fail(_ fault: FrameFault) -> FramingError {
    let error = FramingError(fault, at: offset)
    hindrance = .failure(error)
    buffer.removeAll()
    return error
  }

  @inlinable
  internal func admit() {
    precondition(!atEnd, "bytes were appended after finish()")
  }
}
