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
  // The invariant: 0 <= head <= tail <= capacity; bytes in head..<tail are initialised.
  @usableFromInline internal var base: UnsafeMutablePointer<UInt8>
  @usableFromInline internal var head = 0
  @usableFromInline internal var tail = 0

  /// How many bytes fit into the memory held now, those read already included.
  @inlinable public var capacity: Int { allocated }

  @usableFromInline internal var allocated = 0

  /// A buffer without bytes that holds no memory.
  @inlinable
  public init() { base = Self.nowhere }

  /// A buffer without bytes that has room for `capacity` of them.
  public init(capacity: Int) {
    precondition(capacity >= 0, "a buffer cannot have a capacity below zero")
    self.init()
    if capacity > 0 { relocate(capacity: capacity) }
  }

  deinit {
    if allocated > 0 { base.deallocate() }
  }

  /// What `base` is while there is no memory; never read or written, as all counts are then 0.
  @inlinable
  internal static var nowhere: UnsafeMutablePointer<UInt8> {
    UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped
  }

  /// The number of unread bytes.
  @inlinable
  public var count: Int { tail &- head }

  /// Whether there are no unread bytes.
  @inlinable
  public var isEmpty: Bool { head == tail }

  /// Appends one byte. Amortised constant time.
  @inlinable
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    base[tail] = byte
    tail += 1
  }

  /// Appends a copy of `bytes`. Amortised linear time in their number.
  @inlinable
  public mutating func append(_ bytes: Span<UInt8>) {
    reserve(bytes.count)
    bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      (base + tail).initialize(from: start, count: source.count)
    }
    tail += bytes.count
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
      UnsafeMutableRawPointer(base + tail).copyMemory(
        from: source.baseAddress.unsafelyUnwrapped, byteCount: width)
    }
    tail += width
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
    let end = UnsafeMutableRawPointer(base + tail)
    // All eight bytes in one store; what is behind the integer is overwritten, or is spare room.
    end.storeBytes(of: shifted, as: UInt64.self)
    bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      (end + width).copyMemory(from: start, byteCount: source.count)
    }
    tail &+= width &+ bytes.count
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
    let spare = UnsafeMutableRawBufferPointer(start: base + tail, count: capacity - tail)
    let written = try body(spare)
    precondition(0...spare.count ~= written, "more bytes were written than there was room for")
    tail += written
    return written
  }

  /// Removes the first `count` unread bytes. Constant time.
  @inlinable
  public mutating func removeFirst(_ count: Int) {
    precondition(0...self.count ~= count, "cannot remove more bytes than there are")
    head += count
    if head == tail { (head, tail) = (0, 0) }
  }

  /// As ``removeFirst(_:)``, of bytes that are known to be there.
  @inlinable
  @inline(__always)
  internal mutating func advance(_ count: Int) {
    assert(0...self.count ~= count, "cannot remove more bytes than there are")
    head &+= count
    if head == tail { (head, tail) = (0, 0) }
  }

  /// Removes the last `count` unread bytes. Constant time.
  @inlinable
  public mutating func removeLast(_ count: Int) {
    precondition(0...self.count ~= count, "cannot remove more bytes than there are")
    tail -= count
  }

  /// Removes all bytes, and gives the memory back unless `keepingCapacity`.
  public mutating func removeAll(keepingCapacity: Bool = false) {
    (head, tail) = (0, 0)
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
    guard spare.isEmpty else { return }
    (head, tail) = (0, 0)
    swap(&self, &spare)
  }

  @usableFromInline
  @inline(never)
  internal mutating func exchangeCarrying(_ limit: Int, into spare: inout FrameBuffer) {
    guard spare.isEmpty && count <= limit else { return }
    withBytes { spare.append($0) }
    (head, tail) = (0, 0)
    swap(&self, &spare)
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
    try body(UnsafeBufferPointer(start: base + head, count: count).span)
  }

  /// Makes sure that `count` bytes fit behind the last one.
  @inlinable
  internal mutating func reserve(_ count: Int) {
    if capacity - tail < count { makeRoom(count) }
  }

  @usableFromInline
  internal mutating func makeRoom(_ room: Int) {
    let live = count
    let (needed, overflow) = live.addingReportingOverflow(room)
    precondition(!overflow, "a buffer cannot hold more than Int.max bytes")
    // Moving costs `live`; at least as many bytes were read to pay for it.
    if needed <= capacity && live <= head {
      base.update(from: base + head, count: live)
      (head, tail) = (0, live)
    } else {
      relocate(capacity: max(needed, capacity > Int.max / 2 ? Int.max : capacity * 2, 64))
    }
  }

  private mutating func relocate(capacity newCapacity: Int) {
    let live = count
    let new = newCapacity == 0 ? Self.nowhere : UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
    if live > 0 { new.initialize(from: base + head, count: live) }
    if allocated > 0 { base.deallocate() }
    (base, head, tail, allocated) = (new, 0, live, newCapacity)
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
