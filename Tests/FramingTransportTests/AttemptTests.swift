import CSystemShims
import FramingTransport
import Testing

@Suite("An attempt at a system call")
struct AttemptTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    /// What the call answers, one after the other: a result, or a negated error number.
    let answers: [Int]
    let result: Int?
    var error: SystemError?
    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(name: "success at once", answers: [7], result: 7),
    Row(name: "success with 0", answers: [0], result: 0),
    Row(name: "one EINTR", answers: [-Int(EINTR), 7], result: 7),
    Row(name: "three EINTR", answers: Array(repeating: -Int(EINTR), count: 3) + [7], result: 7),
    Row(name: "a thousand EINTR", answers: Array(repeating: -Int(EINTR), count: 1000) + [7], result: 7),
    Row(name: "EAGAIN", answers: [-Int(EAGAIN)], result: nil),
    Row(name: "EWOULDBLOCK", answers: [-Int(EWOULDBLOCK)], result: nil),
    Row(name: "EINTR, then EAGAIN", answers: [-Int(EINTR), -Int(EAGAIN)], result: nil),
    Row(
      name: "ECONNRESET", answers: [-Int(ECONNRESET)], result: nil,
      error: SystemError(call: "recv", code: ECONNRESET, subject: "it")),
    Row(
      name: "EINTR, then EPIPE", answers: [-Int(EINTR), -Int(EPIPE)], result: nil,
      error: SystemError(call: "recv", code: EPIPE, subject: "it")),
    Row(
      name: "EBADF, which is not tried again", answers: [-Int(EBADF)], result: nil,
      error: SystemError(call: "recv", code: EBADF, subject: "it")),
  ]

  @Test("repeats after EINTR only, and tells waiting from failing", arguments: rows)
  func attempts(row: Row) {
    var calls = 0
    var result: Int?
    var failure: SystemError?
    do throws(SystemError) {
      result = try attempt("recv", on: "it") {
        calls += 1
        return CallResult(calls <= row.answers.count ? row.answers[calls - 1] : -Int(ENOSYS))
      }
    } catch {
      failure = error
    }
    #expect(result == row.result)
    #expect(failure == row.error)
    #expect(calls == row.answers.count)
  }

  @Test("puts the subject together only for an error")
  func subjectIsLazy() throws {
    var asked = 0
    func subject() -> String {
      asked += 1
      return "127.0.0.1:7777"
    }
    _ = try attempt("bind", on: subject()) { CallResult(0) }
    _ = try attempt("bind", on: subject()) { CallResult(-Int(EAGAIN)) }
    #expect(asked == 0)
    let error = #expect(throws: SystemError.self) {
      _ = try attempt("bind", on: subject()) { CallResult(-Int(EADDRINUSE)) }
    }
    #expect(asked == 1)
    #expect(error?.call == "bind")
    #expect(error?.code == EADDRINUSE)
    #expect(error?.subject == "127.0.0.1:7777")
  }

  struct Sentence: CustomTestStringConvertible, Sendable {
    let error: SystemError
    let start: String
    var testDescription: String { start }
  }

  @Test(
    "says an error in one line",
    arguments: [
      Sentence(error: SystemError(call: "recv", code: ECONNRESET), start: "recv: "),
      Sentence(
        error: SystemError(call: "bind", code: EADDRINUSE, subject: "[::1]:80"), start: "bind [::1]:80: "),
    ])
  func sentence(row: Sentence) {
    #expect(row.error.description.hasPrefix(row.start))
    #expect(row.error.description.hasSuffix(" (\(row.error.code))"))
    #expect(!row.error.description.contains("\n"))
  }
}
