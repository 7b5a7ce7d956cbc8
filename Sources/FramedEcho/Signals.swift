import Synchronization
import ToolSupport

/// SIGINT and SIGTERM, taken as values by a thread that waits for them: no handler interrupts anything.
enum Signals {
  private static let action = Mutex<(@Sendable () -> Void)?>(nil)

  /// Holds the signals back. Before the first thread starts: threads inherit it.
  static func block() { Platform.blockStopSignals() }

  /// Does `action` at the next signal, instead of ending the process. Once: a second signal ends it.
  static func onNext(_ action: @escaping @Sendable () -> Void) {
    Self.action.withLock { $0 = action }
  }

  /// Waits for signals, for ever.
  static func wait() -> Never {
    while true {
      let number = Platform.waitForStopSignal()
      guard let action = action.withLock({ $0.take() }) else { Platform.exit(bySignal: number) }
      action()
    }
  }
}
