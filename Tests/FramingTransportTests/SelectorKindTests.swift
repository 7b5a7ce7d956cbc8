import CSystemShims
import Foundation
import Testing

@testable import FramingTransport

@Suite("The choice of a selector")
struct SelectorKindTests {
  /// A kernel on which no selector can be made that needs a descriptor of its own, as in a sandbox.
  static func sandbox(_ code: CInt) -> FaultyKernel {
    let kernel = FaultyKernel()
    kernel.begin { call, _ in call == .makeSelector ? .fails(code) : nil }
    return kernel
  }

  @Test("knows four kinds, and has those of the system, the best first")
  func kinds() {
    #expect(SelectorKind.allCases == [.epoll, .kqueue, .poll, .select])
    #expect(SelectorKind.available.suffix(2) == [.poll, .select])
    #expect(SelectorKind.available.count == 3)
  }

  @Test("is the best, if nothing is asked for", arguments: [nil, ""] as [String?])
  func best(environment: String?) throws {
    let selector = try SelectorKind.make(nil, system: Kernel.real, environment: environment)
    #expect(selector.kind == SelectorKind.available.first)
  }

  @Test("falls back to poll where the best is forbidden", arguments: [ENOSYS, EPERM, EACCES, EMFILE])
  func fallsBack(code: CInt) throws {
    let kernel = Self.sandbox(code)
    let selector = try SelectorKind.make(nil, system: kernel, environment: nil)
    #expect(selector.kind == .poll)
    #expect(kernel.counts[.makeSelector] == 1)
  }

  @Test("never replaces what was asked for")
  func doesNotReplace() throws {
    let kernel = Self.sandbox(EPERM)
    let best = try #require(SelectorKind.available.first)
    let asked = #expect(throws: SystemError.self) {
      try SelectorKind.make(best, system: kernel, environment: nil)
    }
    #expect(asked?.code == EPERM)
    let named = #expect(throws: SystemError.self) {
      try SelectorKind.make(nil, system: kernel, environment: best.rawValue)
    }
    #expect(named == asked)
  }

  @Test("is that of the environment, unless the program asks", arguments: SelectorKind.available)
  func environment(kind: SelectorKind) throws {
    let named = try SelectorKind.make(nil, system: Kernel.real, environment: kind.rawValue)
    #expect(named.kind == kind)
    for asked in SelectorKind.available {
      let selector = try SelectorKind.make(asked, system: Kernel.real, environment: kind.rawValue)
      #expect(selector.kind == asked)
    }
    #expect(try SelectorKind.make(.poll, system: Kernel.real, environment: "?").kind == .poll)
  }

  @Test("says what there is when the environment names what is not", arguments: ["Poll", "poll ", "?"])
  func unknown(text: String) throws {
    let known = SelectorKind.available.map(\.rawValue).joined(separator: " or ")
    let error = #expect(throws: SystemError.self) {
      try SelectorKind.make(nil, system: Kernel.real, environment: text)
    }
    #expect(error?.code == EINVAL)
    #expect(error?.description.hasPrefix("FRAMING_SELECTOR is \(known) here, not \"\(text)\": ") == true)
    let missing = try #require(SelectorKind.allCases.first { !SelectorKind.available.contains($0) })
    let unavailable = #expect(throws: SystemError.self) {
      try SelectorKind.make(nil, system: Kernel.real, environment: missing.rawValue)
    }
    #expect(unavailable?.code == ENOSYS)
    #expect(unavailable?.subject == "is \(known) here, not \"\(missing.rawValue)\"")
  }

  @Test("reads FRAMING_SELECTOR when a loop is made")
  func variable() async {
    // In a process of its own: the environment is everybody's.
    await #expect(processExitsWith: .success) {
      for kind in SelectorKind.available {
        setenv("FRAMING_SELECTOR", kind.rawValue, 1)
        let (loop, other) = (try EventLoop(), try EventLoop(selector: .select))
        #expect(loop.selectorKind == kind)
        #expect(other.selectorKind == .select)
      }
      setenv("FRAMING_SELECTOR", "best", 1)
      #expect(throws: SystemError.self) { try EventLoop() }
      unsetenv("FRAMING_SELECTOR")
      let loop = try EventLoop()
      #expect(loop.selectorKind == SelectorKind.available.first)
    }
  }

  @Test("cannot be one that the system does not have")
  func unavailable() throws {
    for kind in SelectorKind.allCases where !SelectorKind.available.contains(kind) {
      let error = #expect(throws: SystemError.self) { try Kernel.real.makeSelector(kind) }
      #expect(error?.code == ENOSYS)
    }
  }
}
