import CSystemShims

/// Makes a system call, again whenever a signal interrupted it (`EINTR`).
///
/// This is the only place that repeats a call. The waits of the selectors are not repeated but end: the event loop has
/// its turn and waits again.
///
/// - Returns: The result, or `nil` if the call would have to wait (`EAGAIN`, `EWOULDBLOCK`).
/// - Warning: Not for `close` (the descriptor is gone, whatever it answers) nor for `connect` (it carries on).
package func attempt(
  _ call: StaticString, on subject: @autoclosure () -> String? = nil, _ body: () -> CallResult
) throws(SystemError) -> Int? {
  while true {
    let result = body()
    guard let code = result.errorCode else { return result.word }
    if code == EAGAIN || code == EWOULDBLOCK { return nil }
    if code != EINTR { throw SystemError(call: "\(call)", code: code, subject: subject()) }
  }
}
