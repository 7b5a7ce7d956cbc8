/// An IPv6 address in the making, judged at each of its characters (RFC 4291, 2.2).
///
///     2001:db8::1     groups of one to four hexadecimal digits, eight of them, or fewer with one "::"
///     ::ffff:1.2.3.4  the last two groups as an IPv4 address
///
/// An address is complete with eight groups, or with at most seven and a "::", which stands for one or more.
struct IPv6Text {
  private var value: UInt128 = 0
  /// The groups that are complete.
  private var groups = 0
  /// How many groups stand before the "::".
  private var gap: Int?
  /// The group that has begun, and its digits; none behind a colon and at the front.
  private var group: UInt16 = 0
  private var digits = 0
  /// How many colons stand directly before the next character.
  private var colons = 0

  /// The most groups that the address may have.
  private var room: Int { gap == nil ? 8 : 7 }

  /// Takes a digit or a colon; whether it can stand here.
  mutating func append(_ byte: UInt8) -> Bool {
    if byte == UInt8(ascii: ":") { return appendColon() }
    guard let digit = Self.digit(byte), digits < 4, groups < room else { return false }
    // A colon at the very front has to be the first of two.
    guard !(groups == 0 && gap == nil && colons == 1) else { return false }
    group = group << 4 | digit
    digits += 1
    colons = 0
    return true
  }

  private mutating func appendColon() -> Bool {
    if digits > 0 {
      // A group, or a second colon, has to follow.
      guard groups + 1 < room else { return false }
      endGroup()
      colons = 1
      return true
    }
    guard colons < 2, gap == nil || colons == 0 else { return false }
    colons += 1
    if colons == 2 { gap = groups }
    return true
  }

  private mutating func endGroup() {
    value = value << 16 | UInt128(group)
    groups += 1
    group = 0
    digits = 0
  }

  /// The address that ends here; `nil` if it is not complete.
  mutating func end() -> UInt128? {
    if digits > 0 { endGroup() } else if colons != 2 { return nil }
    guard gap != nil || groups == 8 else { return nil }
    return expanded
  }

  /// Takes the group that has begun for the first number of an IPv4 address; `nil` if it cannot be that, or none has
  /// room here.
  mutating func beginIPv4() -> UInt8? {
    guard digits > 0, gap == nil ? groups == 6 : groups <= 5 else { return nil }
    let figures = (0..<digits).map { Int(group >> UInt16(4 * (digits - 1 - $0)) & 0xF) }
    guard figures.allSatisfy({ $0 < 10 }), digits == 1 || figures[0] > 0 else { return nil }
    return UInt8(exactly: figures.reduce(0) { $0 * 10 + $1 })
  }

  /// The address that ends with `ipv4`, whose first number was ``beginIPv4()``.
  mutating func end(ipv4: UInt32) -> UInt128 {
    value = value << 32 | UInt128(ipv4)
    groups += 2
    return expanded
  }

  /// The groups with the zeros that "::" stands for.
  private var expanded: UInt128 {
    guard let gap else { return value }
    let behind = UInt128(groups - gap) * 16
    // Nothing in front of the gap, or nothing behind it: a shift by all 128 bits answers 0.
    let (front, back) = (value >> behind, value & ((1 << behind) - 1))
    return front << (128 - UInt128(gap) * 16) | back
  }

  private static func digit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
