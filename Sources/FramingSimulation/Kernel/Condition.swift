import CSystemShims
import FramingTransport

/// What a wait may find out about an open file.
struct Condition: OptionSet, Hashable {
  let rawValue: UInt8

  static let readable = Condition(rawValue: 1)
  static let writable = Condition(rawValue: 2)
  static let hangUp = Condition(rawValue: 4)
  static let error = Condition(rawValue: 8)
  /// Those that are reported whether somebody asks for them or not.
  static let unmaskable: Condition = [.hangUp, .error]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ interest: Interest) {
    self = []
    if interest.contains(.readable) { insert(.readable) }
    if interest.contains(.writable) { insert(.writable) }
  }

  /// From the bits of `poll`.
  init(pollBits: CInt) {
    self = []
    if pollBits & POLLIN != 0 { insert(.readable) }
    if pollBits & POLLOUT != 0 { insert(.writable) }
  }

  /// What is reported of this to somebody who asked for `wanted`.
  func reported(to wanted: Condition) -> Condition {
    // In bits, as in the sockets: every wait asks every file, also where nothing is inlined.
    Condition(rawValue: rawValue & (wanted.rawValue | Self.unmaskable.rawValue))
  }

  /// Whether nothing is so.
  var isNothing: Bool { rawValue == 0 }

  /// As the bits of `poll`.
  var pollBits: CInt {
    (contains(.readable) ? POLLIN : 0) | (contains(.writable) ? POLLOUT : 0)
      | (contains(.hangUp) ? POLLHUP : 0) | (contains(.error) ? POLLERR : 0)
  }
}
