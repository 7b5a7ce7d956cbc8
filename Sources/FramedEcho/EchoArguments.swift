import Framing
import FramingTransport
import ToolSupport

/// The options that the echo commands share.
enum EchoOptions {
  static let hostValue = Value("H")
  static let framer = Option(
    "--framer", .spec, "how messages are framed, as lines or dns (length-prefixed)")

  /// Those of a client.
  static let client = [
    Option("--host", hostValue, "the address or name of the server, or unix:/path (127.0.0.1)"),
    Option("--port", Value("P"), "1 to 65535 (7777)"), framer,
  ]
}

/// Their values.
extension Arguments {
  /// A port within `range`.
  func port(in range: ClosedRange<UInt16>) throws(Failure) -> UInt16 {
    UInt16(try integer("--port", in: Int(range.lowerBound)...Int(range.upperBound)) ?? 7777)
  }

  /// The framer that `--framer` names, and its text as it was given.
  func framer() throws(Failure) -> (text: String, spec: FramerSpec) {
    let text = text("--framer") ?? "length-prefixed"
    do throws(FramerSpecError) {
      return (text, try FramerSpec(text))
    } catch {
      throw Failure(.usage, "--\(error)")
    }
  }
}

extension SelectorKind {
  /// The names of those that this system has.
  static func names(_ separator: String) -> String {
    available.map { $0.rawValue }.joined(separator: separator)
  }
}
