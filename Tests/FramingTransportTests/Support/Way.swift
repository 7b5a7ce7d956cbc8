import FramingTransport
import Testing

/// One of the ways to run a server: a selector and a style of handler. What is promised holds in all of them.
struct Way: Hashable, Sendable, CustomTestStringConvertible {
  enum Style: String, CaseIterable, Sendable {
    case sync, async
  }

  let selector: SelectorKind
  let style: Style

  static let all = SelectorKind.available.flatMap { selector in
    Style.allCases.map { Way(selector: selector, style: $0) }
  }

  var testDescription: String { "\(selector.rawValue), \(style.rawValue)" }
}
