import Synchronization
import ToolSupport

/// SIGINT and SIGTERM, taken as values by a thread that waits for them: no handler interrupts anything.
enum Signals {
  private static let actions = Mutex<[@Sendable () -> Void]>([])

  /// Holds the signals back. Before the first thread starts: threads inherit it.
  static func block() { Platform.blockStopSignals() }

  /// Does the first action at the next signal, the second at the one after it, and so on, instead of ending the process;
  /// behind the last one, a signal ends it.
  static func onNext(_ actions: (@Sendable () -> Void)...) {
    Self.actions.withLock { $0 = actions }
  }

  /// Waits for signals, for ever.
  static func wait() -> Never {
    while true {
      let number = Platform.waitForStopSignal()
      let action = actions.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      guard let action else { Platform.exit(bySignal: number) }
      action()
    }
  }
}
