import FramingTransport
import ToolSupport

/// Why the system refused, as far as there is something to do about it.
extension SystemError {
  /// Nobody listens there.
  var isRefused: Bool { number == .connectionRefused }
  /// There is no such path of a Unix socket.
  var isNoSuchPath: Bool { number == .noEntry }
  /// Somebody else listens there.
  var isInUse: Bool { number == .addressInUse }
  /// Only privileged programs may listen there.
  var isForbidden: Bool { number == .accessDenied || number == .notPermitted }
  /// The address belongs to another machine.
  var isElsewhere: Bool { number == .addressNotAvailable }

  private var number: ErrorNumber { ErrorNumber(code: code) }
}
