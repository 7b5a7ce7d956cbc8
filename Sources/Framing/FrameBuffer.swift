/// The one growable store of bytes: append at the back, look, remove from the front.
///
///     | read already | unread, `count` bytes | spare room |
///     0            head                     tail       capacity
///
/// Only this type moves bytes. It moves them towards the front when at least as many bytes were read as have
/// to move, and doubles when it grows, so that work stays linear in the bytes that pass through. An empty
/// buffer holds no memory until the first byte comes.
///
/// It has one owner and cannot be copied; the memory is freed with it.
public struct FrameBuffer: ~Copyable {
  /// What stands in front of the bytes, in the same memory: a connection has two buffers, most of them empty.
  ///
  /// The invariant: 0 <= head <= tail <= capacity; bytes in head..<tail are initialised.
  @usableFromInline
  internal struct Header {
    @usableFromInline var head = 0
    @usableFromInline var tail = 0
    @usableFromInline let capacity: Int

    init(capacity: Int) { self.capacity = capacity }
  }

  /// Where the bytes begin, behind the header, which needs less.
  ///
  /// C libraries copy what is long by an instruction (`rep movsb`) that takes twenty times as long, on some processors, where
  /// the target lies 1 to 31 bytes ahead of the source, both counted from the beginning of their pages. Large blocks of memory
  /// begin at the same place of a page, and the bytes of an array stand 32 behind that: with ours 64 behind it, and a few
  /// more that are no payload, neither is just ahead of the other.
  @inlinable internal static var origin: Int { 64 }

  /// `nil` as long as no memory is held.
  @usableFromInline internal var memory: UnsafeMutablePointer<Header>?

  /// How many bytes fit into the memory held now, those read already included. What is kept in front of them, 64 bytes,
  /// is not counted.
  @inlinable public var capacity: Int { if let memory { memory.pointee.capacity } else { 0 } }

  /// A buffer without bytes that holds no memory.
  @inlinable
  public init() {}

  /// A buffer without bytes that has room for `capacity` of them.
  public init(capacity: Int) {
    precondition(capacity >= 0, "a buffer cannot have a capacity below zero")
    self.init()
    if capacity > 0 { relocate(capacity: capacity) }
  }

  deinit { memory?.deallocate() }

  /// The first byte of memory; there has to be some.
  @inlinable
  internal var base: UnsafeMutablePointer<UInt8> {
    (UnsafeMutableRawPointer(memory.unsafelyUnwrapped) + Self.origin).assumingMemoryBound(to: UInt8.self)
  }

  /// The first unread byte; there has to be memory.
  @inlinable
  internal var start: UnsafeMutablePointer<UInt8> { base + memory.unsafelyUnwrapped.pointee.head }

  /// Where the next byte goes; there has to be memory.
  @inlinable
  internal var end: UnsafeMutablePointer<UInt8> { base + memory.unsafelyUnwrapped.pointee.tail }

  /// Takes note of bytes that stand at ``end`` now; there has to be memory.
  @inlinable
  internal mutating func advanceEnd(_ count: Int) { memory.unsafelyUnwrapped.pointee.tail &+= count }

  /// The number of unread bytes.
  @inlinable
  public var count: Int { if let memory { memory.pointee.tail &- memory.pointee.head } else { 0 } }

  /// Whether there are no unread bytes.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// Appends one byte. Amortised constant time.
  @inlinable
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    end.pointee = byte
    advanceEnd(1)
  }

  /// Appends a copy of `bytes`. Amortised linear time in their number.
  @inlinable
  public mutating func append(_ bytes: Span<UInt8>) {
    if bytes.isEmpty { return }
    reserve(bytes.count)
    bytes.withUnsafeBufferPointer { source in
      end.initialize(from: source.baseAddress.unsafelyUnwrapped, count: source.count)
      advanceEnd(source.count)
    }
  }

  /// Appends a copy of `bytes`. Amortised linear time in their number.
  @inlinable
  public mutating func append(_ bytes: some Collection<UInt8>) {
    bytes.withSpan { append($0) }
  }

  /// Appends the low `width` bytes of `value`, 1 to 8 of them, most significant first unless told otherwise. Amortised
  /// constant time.
  @inlinable
  public mutating func append(_ value: UInt64, width: Int, endianness: Endianness = .big) {
    precondition(1...8 ~= width, "an integer is 1 to 8 bytes wide")
    reserve(width)
    let shifted = endianness == .big ? (value << UInt64(64 - 8 * width)).bigEndian : value.littleEndian
    withUnsafeBytes(of: shifted) { source in
      UnsafeMutableRawPointer(end).copyMemory(from: source.baseAddress.unsafelyUnwrapped, byteCount: width)
    }
    advanceEnd(width)
  }

  /// Appends the low `width` bytes of `value`, 1 to 8 of them, and a copy of `bytes` behind them.
  @inlinable
  @inline(__always)
  internal mutating func append(
    _ value: UInt64, width: Int, endianness: Endianness, before bytes: Span<UInt8>
  ) {
    assert(1...8 ~= width, "an integer is 1 to 8 bytes wide")
    let (room, overflow) = bytes.count.addingReportingOverflow(8)
    precondition(!overflow, "a buffer cannot hold more than Int.max bytes")
    reserve(room)
    let shifted =
      endianness == .big
      ? (value &<< UInt64(truncatingIfNeeded: 64 &- 8 &* width)).bigEndian : value.littleEndian
    // Once: what is written below might be the pointer and the place, as far as the compiler knows.
    let memory = memory.unsafelyUnwrapped
    let tail = memory.pointee.tail
    let end = UnsafeMutableRawPointer(memory) + (Self.origin &+ tail)
    // All eight bytes in one store; what is behind the integer is overwritten, or is spare room.
    end.storeBytes(of: shifted, as: UInt64.self)
    bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      (end + width).copyMemory(from: start, byteCount: source.count)
    }
    memory.pointee.tail = tail &+ width &+ bytes.count
  }

  /// Lets `body` write straight into the spare room, as `recv` does, and appends what it wrote.
  ///
  /// - Parameters:
  ///   - room: How many bytes `body` shall be able to write at least.
  ///   - body: Gets the spare room, which may be larger than `room` and holds arbitrary bytes, and answers
  ///     how many bytes it wrote at its front.
  /// - Returns: What `body` answered.
  @inlinable
  public mutating func fill<Failure: Error>(
    room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    reserve(room)
    let spare = UnsafeMutableRawBufferPointer(
      start: memory.map { _ in UnsafeMutableRawPointer(end) }, count: spareCount)
    let written = try body(spare)
    precondition(0...spare.count ~= written, "more bytes were written than there was room for")
    if written > 0 { advanceEnd(written) }
    return written
  }

  /// Removes the first `count` unread bytes. Constant time.
  @inlinable
  public mutating func removeFirst(_ count: Int) {
    precondition(0...self.count ~= count, "cannot remove more bytes than there are")
    if count > 0 { advance(count) }
  }

  /// As ``removeFirst(_:)``, of bytes that are known to be there; at least one.
  @inlinable
  @inline(__always)
  internal mutating func advance(_ count: Int) {
    assert(1...self.count ~= count, "cannot remove more bytes than there are")
    let memory = memory.unsafelyUnwrapped
    memory.pointee.head &+= count
    if memory.pointee.head == memory.pointee.tail { forget() }
  }

  /// Has no bytes any more, and the same memory.
  @inlinable
  internal mutating func forget() {
    guard let memory else { return }
    (memory.pointee.head, memory.pointee.tail) = (0, 0)
  }

  /// Removes the last `count` unread bytes. Constant time.
  @inlinable
  public mutating func removeLast(_ count: Int) {
    precondition(0...self.count ~= count, "cannot remove more bytes than there are")
    if count == 0 { return }
    advanceEnd(-count)
    if isEmpty { forget() }
  }

  /// Removes all bytes, and gives the memory back unless `keepingCapacity`.
  public mutating func removeAll(keepingCapacity: Bool = false) {
    forget()
    if !keepingCapacity { shrink() }
  }

  /// Exchanges memory with `spare`, which must be empty, if there are at most `limit` unread bytes to carry over.
  ///
  /// Lets thousands of connections share one buffer: one takes it before it reads, and gives it back, with the same
  /// call, when nothing or little is left unread. Linear time in the bytes that are carried over.
  @inlinable
  @inline(__always)
  public mutating func exchange(with spare: inout FrameBuffer, carrying limit: Int = 0) {
    // Most often there is nothing to carry, and each message of a ping-pong comes by here four times.
    if !isEmpty { return exchangeCarrying(limit, into: &spare) }
    if spare.isEmpty { swap(&memory, &spare.memory) }
  }

  @usableFromInline
  @inline(never)
  internal mutating func exchangeCarrying(_ limit: Int, into spare: inout FrameBuffer) {
    guard spare.isEmpty && count <= limit else { return }
    withBytes { spare.append($0) }
    forget()
    swap(&memory, &spare.memory)
  }

  /// Gives back memory that the unread bytes do not need: all of it if there are none.
  ///
  /// Costs a copy of the unread bytes, so it is for a buffer that will wait, not for a busy one.
  public mutating func shrink() {
    if count < capacity { relocate(capacity: count) }
  }

  /// Calls `body` with the unread bytes, oldest first. Constant time, no copy.
  @inlinable
  public func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(start: memory.map { _ in start }, count: count).span)
  }

  /// How many bytes fit behind the last one.
  @inlinable
  internal var spareCount: Int {
    if let memory { memory.pointee.capacity &- memory.pointee.tail } else { 0 }
  }

  /// Makes sure that `count` bytes fit behind the last one.
  @inlinable
  internal mutating func reserve(_ count: Int) {
    if spareCount < count { makeRoom(count) }
  }

  @usableFromInline
  internal mutating func makeRoom(_ room: Int) {
    let live = count
    let (needed, overflow) = live.addingReportingOverflow(room)
    precondition(!overflow, "a buffer cannot hold more than Int.max bytes")
    // Moving costs `live`; at least as many bytes were read to pay for it.
    if let memory, needed <= capacity && live <= memory.pointee.head {
      base.update(from: start, count: live)
      (memory.pointee.head, memory.pointee.tail) = (0, live)
    } else {
      relocate(capacity: max(needed, capacity > Int.max / 2 ? needed : capacity * 2, 64))
    }
  }

  private mutating func relocate(capacity: Int) {
    let live = count
    var new = FrameBuffer()
    if capacity > 0 {
      let (size, overflow) = capacity.addingReportingOverflow(Self.origin)
      precondition(!overflow, "a buffer cannot hold more than Int.max bytes")
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: size, alignment: MemoryLayout<Header>.alignment)
      (memory + Self.origin).bindMemory(to: UInt8.self, capacity: capacity)
      new.memory = memory.bindMemory(to: Header.self, capacity: 1)
      new.memory?.initialize(to: Header(capacity: capacity))
    }
    if live > 0 {
      new.end.initialize(from: start, count: live)
      new.advanceEnd(live)
    }
    swap(&memory, &new.memory)
  }
}

// The buffer owns its memory alone and lends it only for the length of a call, so it can move between
// threads like any value.
extension FrameBuffer: @unchecked Sendable {}

/// The order of the bytes of an integer on the wire.
public enum Endianness: String, Hashable, Sendable {
  /// The most significant byte first, also called network byte order.
  case big
  /// The least significant byte first.
  case little
}
