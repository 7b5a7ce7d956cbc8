import Framing
import ToolSupport

/// How `framing decode` prints messages, and errors as far as they belong to the output.
enum MessageFormat: String, CaseIterable {
  /// A line for people: number, place, size and the beginning of the message.
  case text
  /// An object a line.
  case json
  /// The payloads, one behind the other.
  case raw
  /// A line of hex digits.
  case hex

  /// Whether it shows where a frame lies.
  var hasPlaces: Bool { self == .text || self == .json }

  /// Whether it has a form for errors; otherwise they are told beside the output.
  var hasErrors: Bool { self == .json }

  /// Prints message `number`, from 0, whose frame has `wireLength` bytes and begins at `offset`.
  func print(
    _ message: Span<UInt8>, number: Int, offset: UInt64, wireLength: Int, on output: inout Output
  ) {
    switch self {
    case .text:
      output.append("#")
      output.append(UInt64(number))
      output.append(" at byte ")
      output.append(offset)
      output.append(": ")
      output.append(Quote.counted(message))
      output.append("\n")
    case .json:
      output.append(#"{"index":"#)
      output.append(UInt64(number))
      output.append(#","offset":"#)
      output.append(offset)
      output.append(#","wireLength":"#)
      output.append(UInt64(wireLength))
      output.append(#","payload":""#)
      output.appendHex(message)
      output.append("\"}\n")
    case .raw:
      output.append(message)
    case .hex:
      output.appendHex(message)
      output.append("\n")
    }
  }

  /// Prints an error as an object.
  static func print(_ error: FramingError, on output: inout Output) {
    output.append("{\"error\":\"\(error.fault.kind.rawValue)\",\"offset\":\(error.offset),\"description\":\"")
    for scalar in error.description.unicodeScalars {
      switch scalar {
      case "\"", "\\": output.append("\\\(scalar)")
      case "\u{0}"..<" ": output.append("\\u00" + Quote.digits(UInt8(scalar.value)))
      default: output.append(String(scalar))
      }
    }
    output.append("\"}\n")
  }
}
