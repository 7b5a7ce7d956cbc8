import Framing

extension LawCheck {
  /// What became of a message: all that stands in the buffer afterwards, and why it was refused, if it was.
  struct Encoded: Hashable, Sendable {
    let bytes: [UInt8]
    let fault: FrameFault?
  }

  /// Encodes `message` behind other bytes.
  func encode(_ message: [UInt8], with framer: F, behind before: [UInt8] = []) -> Encoded {
    var buffer = FrameBuffer()
    buffer.append(before)
    let fault = message.withUnsafeBufferPointer { bytes -> FrameFault? in
      do throws(FrameFault) { try framer.encode(bytes.span, into: &buffer) } catch { return error }
      return nil
    }
    return Encoded(bytes: buffer.withBytes { [UInt8](copying: $0) }, fault: fault)
  }

  /// Encodes samples of all lengths, and decodes what came of them.
  mutating func checkEncoding() {
    for message in laws.messages { encodeAndBack(message) }
    for alphabet in LawSamples.Alphabet.allCases {
      for length in LawSamples.lengths { encodeAndBack(samples.message(of: alphabet, length: length)) }
    }
    // Messages of what the framing itself puts around them: it may have to escape that.
    if let sample = carried.first(where: { $0.message.count > 1 && $0.wire.count > $0.message.count }) {
      for length in [1, 2, 3, 4, 7, 15, 16, 17, 40, 254, 255] {
        encodeAndBack(samples.repeated(Array(sample.wire.suffix(1)), length))
        encodeAndBack(samples.repeated(Array(sample.wire.prefix(1) + sample.wire.suffix(2)), length))
      }
    }
    // The one length that the framing has may lie between those.
    for length in 21...1024 where carried.isEmpty {
      encodeAndBack(samples.message(of: .letters, length: length))
      encodeAndBack(samples.message(of: .random, length: length))
    }
    checkBorder()
    carried.sort { $0.wire.count < $1.wire.count }
    if carried.isEmpty {
      report(
        .checkable, "messages of 0 to 1024 bytes: letters, digits, zeros, FF, line ends, random bytes",
        expected: "one that is encoded and decoded again", came: "none")
    }
  }

  mutating func encodeAndBack(_ message: [UInt8]) {
    let scene = "the message \(Self.shown(message))"
    let encoded = encode(message, with: framer)
    checkAppending(message, encoded, scene)
    switch encoded.fault {
    case nil:
      let sample = LawSample(message: message, wire: encoded.bytes)
      if checkBack(sample, scene) { carried.append(sample) }
    case .tooLong, .unencodable: break
    case let fault?:
      report(
        .encodeAppends, scene, expected: "`tooLong` or `unencodable`", came: "`\(fault.kind)`: it \(fault)")
    }
  }

  /// Encodes behind other bytes: they stay, and make no difference.
  private mutating func checkAppending(_ message: [UInt8], _ encoded: Encoded, _ scene: String) {
    guard !isSettled(.encodeAppends) else { return }
    let before: [UInt8] = [0xA5, 0x0A, 0x00, 0x5A, 0xC0]
    let again = encode(message, with: framer, behind: before)
    let expected = Encoded(
      bytes: encoded.fault == nil ? before + encoded.bytes : before, fault: encoded.fault)
    guard again != expected else { return }
    func words(_ encoded: Encoded) -> String {
      Self.shown(encoded.bytes) + (encoded.fault.map { " and the fault \"\($0)\"" } ?? "")
    }
    report(
      .encodeAppends, "\(scene), encoded behind \(Self.shown(before))", expected: words(expected),
      came: words(again))
  }

  /// Decodes a frame alone. Whether its message came back, so that the frame can be used as a sample.
  private mutating func checkBack(_ sample: LawSample, _ scene: String) -> Bool {
    let wire = sample.wire
    let ends = framer.endsWithStream
    let cutting = ends ? "whole, then its end" : "whole"
    guard let run = run(framer, wire, [wire.count], cutting, ends: ends) else { return false }
    if run.messages == [sample.message], run.events.count == 1, run.consumed == wire.count { return true }
    report(
      .roundTrip, "\(scene), encoded as \(Self.shown(wire)), \(cutting)",
      expected: "that message, and no byte left",
      came: Self.words(run.events)
        + (run.consumed == wire.count ? "" : ", and \(wire.count - run.consumed) bytes left"))
    return false
  }
}
