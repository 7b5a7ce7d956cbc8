import Synchronization

/// Lines for people: on standard output with colour if it is a terminal, errors on standard error.
package enum Terminal {
  /// Whether to colour: on a terminal that can, unless `NO_COLOR` is set (no-color.org).
  package static let hasColour =
    Platform.outputIsTerminal && Platform.environment("NO_COLOR") == nil
    && (Platform.environment("TERM") ?? "dumb") != "dumb"

  /// How a part of a line looks.
  package enum Style: String {
    case strong = "1"
    case faint = "2"
    case header = "36"
    case payload = "32"
    case trailer = "33"
    case wrong = "1;31"

    /// What begins the style on a terminal.
    package var begin: String { "\u{1B}[\(rawValue)m" }
    /// What ends any style on a terminal.
    package static let end = "\u{1B}[0m"
  }

  /// `text` in a style; as it is without colours.
  package static func styled(_ text: String, _ style: Style, hasColour: Bool = hasColour) -> String {
    hasColour && !text.isEmpty ? style.begin + text + Style.end : text
  }

  /// Prints a line, at once.
  package static func print(_ line: String = "") { Platform.print(Array((line + "\n").utf8)) }

  /// Prints bytes as they are, and ends the line, at once.
  package static func print(_ line: [UInt8]) { Platform.print(line + [UInt8(ascii: "\n")]) }

  // MARK: Standard error

  /// Whether a status line is being shown.
  private static let hasStatus = Mutex(false)

  /// Shows a line for the time being on standard error, in the place of the one before; nothing if it is no terminal.
  package static func showStatus(_ line: String) {
    guard Platform.errorsAreTerminal else { return }
    hasStatus.withLock { hasStatus in
      Platform.printError(Array("\r\u{1B}[K\(line)".utf8))
      Platform.flushErrors()
      hasStatus = true
    }
  }

  /// Removes the line that is shown for the time being.
  package static func hideStatus() {
    hasStatus.withLock { hasStatus in
      guard hasStatus else { return }
      Platform.printError(Array("\r\u{1B}[K".utf8))
      Platform.flushErrors()
      hasStatus = false
    }
  }

  /// Prints an error that says itself what it is about.
  package static func log(_ line: String) {
    hideStatus()
    Platform.printError(Array((line + "\n").utf8))
  }

  /// Whether everything that was printed has been taken.
  package static func flush() -> Bool { Platform.flush() }
}
