import Foundation
import Framing

// A libFuzzer target, built and run by Scripts/fuzz; no part of the package. The environment variable FRAMER names the
// framing. An input is one byte that chooses the cuts, and a stream.

/// What a decoder makes of a stream, in order.
private enum Event: Equatable {
  case message([UInt8])
  case error(FramingError)
}

private let framer: AnyFramer = {
  let text = ProcessInfo.processInfo.environment["FRAMER"] ?? "length-prefixed:width=2,max=64"
  do { return try FramerSpec(text).framer } catch { fatalError("\(error)") }
}()

/// Checks one input; what does not hold ends the program.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let stream = [UInt8](UnsafeBufferPointer(start: data + 1, count: count - 1))
  let whole = events(of: stream, cutEvery: { stream.count })
  expect(events(of: stream, cutEvery: { 1 }), toEqual: whole, "byte by byte", stream)
  var state = UInt32(data[0]) | 1
  let random = events(
    of: stream,
    cutEvery: {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int(state >> 24) % 7 + 1
    })
  expect(random, toEqual: whole, "cut by \(data[0])", stream)
  expect(events(of: stream, cutEvery: { stream.count }, looksFirst: true), toEqual: whole, "peeking", stream)
  for case .message(let message) in whole { expectRoundTrip(of: message) }
  expectRoundTrip(of: stream)
  return 0
}

/// Decodes `stream` in pieces; after an error that is not final it goes on.
private func events(of stream: [UInt8], cutEvery next: () -> Int, looksFirst: Bool = false) -> [Event] {
  var decoder = FrameDecoder(framer)
  var events: [Event] = []
  func drain() {
    while true {
      do throws(FramingError) {
        if looksFirst {
          guard try decoder.peek() != nil else { return }
          // The same framing again, from here.
          decoder = decoder.changing(to: framer)
        }
        guard let message = try decoder.next() else { return }
        events.append(.message(message))
      } catch {
        events.append(.error(error))
        if decoder.failure != nil { return }
      }
    }
  }
  var start = 0
  while start < stream.count && decoder.failure == nil {
    let end = min(start + max(next(), 1), stream.count)
    decoder.append(stream[start..<end])
    start = end
    drain()
  }
  guard decoder.failure == nil else { return events }
  do throws(FramingError) {
    try decoder.finish()
  } catch {
    events.append(.error(error))
    if decoder.failure != nil { return events }
  }
  drain()
  return events
}

/// What can be encoded decodes to itself, with another frame behind it.
private func expectRoundTrip(of message: [UInt8]) {
  var encoder = FrameEncoder(framer)
  guard (try? encoder.append(message)) != nil else {
    guard encoder.count == 0 else { fatalError("a refused message left bytes behind: \(message)") }
    return
  }
  let isTwice = !framer.endsWithStream && (try? encoder.append(message)) != nil
  let wire = encoder.takeBytes()
  let expected = Array(repeating: Event.message(message), count: isTwice ? 2 : 1)
  expect(events(of: wire, cutEvery: { wire.count }), toEqual: expected, "encoded", wire)
}

private func expect(_ events: [Event], toEqual expected: [Event], _ way: String, _ stream: [UInt8]) {
  guard events != expected else { return }
  fatalError("\(way), \(stream): expected \(expected); came \(events)")
}
