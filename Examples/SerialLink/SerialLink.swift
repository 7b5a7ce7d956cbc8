// Lines of text over a line that loses and changes bytes, as a serial cable does: COBS frames with a checksum.
//
//     serial-link send < text > /dev/ttyUSB0        serial-link receive < /dev/ttyUSB0
//
// A zero byte ends each frame and is nowhere else, so a receiver that begins in the middle, or has met damage, knows at the
// next zero where it is.

import Foundation
import Framing

/// CRC-16/IBM-3740: finds every burst of damage up to 16 bits, and zeros too many in front.
func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
  bytes.reduce(0xFFFF) { sum, byte in
    (0..<8).reduce(sum ^ UInt16(byte) << 8) { sum, _ in sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
  }
}

/// The longest line, and a frame of one: with its checksum and the codes of COBS.
let longestLine = 256
let framer = COBSFramer(limit: longestLine + 2)
let longestFrame = longestLine + 2 + 3

/// Says what is wrong, where it does not disturb the output.
func report(_ line: String) { FileHandle.standardError.write(Data("serial-link: \(line)\n".utf8)) }

/// Reads what has come on standard input straight into `decoder`; `false` at the end.
func read(into decoder: inout FrameDecoder<some Framer>) throws -> Bool {
  try decoder.fill(room: 1 << 16) { room in
    let count = read(STDIN_FILENO, room.baseAddress, room.count)
    guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return count
  } > 0
}

/// The next whole frame; `nil` if there is none yet. One that is too long, or cut off, is left out.
func nextFrame(of decoder: inout FrameDecoder<some Framer>, atEnd: Bool) -> [UInt8]? {
  while decoder.failure == nil {
    do {
      if atEnd { try decoder.finish() }
      return try decoder.next()
    } catch {
      report("lost: \(error)")
    }
  }
  return nil
}

func send() throws {
  var lines = FrameDecoder(LineFramer(limit: longestLine, tooLongFrame: .discard))
  var wire = FrameEncoder(framer)
  // Ends what was on the wire before, so that the first frame stands alone.
  try FileHandle.standardOutput.write(contentsOf: Data([0]))
  var isOpen = true
  while isOpen {
    isOpen = try read(into: &lines)
    while let line = nextFrame(of: &lines, atEnd: !isOpen) {
      let sum = checksum(line)
      try wire.append(line + [UInt8(sum >> 8), UInt8(sum & 0xFF)])
    }
    try FileHandle.standardOutput.write(contentsOf: Data(wire.takeBytes()))
  }
}

func receive() throws {
  // Frames are found first and undone one at a time: then damage costs the frame that has it, and no other.
  var frames = FrameDecoder(DelimiterFramer([[0]], limit: longestFrame, tooLongFrame: .discard))
  var isOpen = true
  while isOpen {
    isOpen = try read(into: &frames)
    while let frame = nextFrame(of: &frames, atEnd: !isOpen) {
      if frame.isEmpty { continue }  // Zeros in a row.
      var one = FrameDecoder(framer)
      one.append(frame + [0])
      guard let message = try? one.next(), message.count >= 2, checksum(message) == 0 else {
        report("lost: frame at byte \(frames.offset - UInt64(frame.count) - 1) is damaged")
        continue
      }
      try FileHandle.standardOutput.write(contentsOf: Data(message.dropLast(2) + [UInt8(ascii: "\n")]))
    }
  }
}

do {
  switch CommandLine.arguments.dropFirst() {
  case ["send"]: try send()
  case ["receive"]: try receive()
  default: report("usage: serial-link send | receive")
  }
} catch {
  report("\(error)")
  exit(74)
}
