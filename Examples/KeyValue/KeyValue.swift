// A line protocol on standard input and output, without a socket: a table of words.
//
//     SET name value      +OK
//     GET name            =value, or -none
//     LIST                =name for each name, then +OK
//
// Run it in a terminal, in a pipe, or behind anything that gives a connection to a process (inetd, systemd, socat).

import Foundation
import Framing

/// What a request is answered with.
struct Table {
  /// As many as fit: what is typed must not fill the memory.
  static let mostNames = 1000

  private var values: [String: String] = [:]

  mutating func answer(_ request: String) -> [String] {
    let words = request.split(separator: " ", maxSplits: 2).map(String.init)
    switch (words.first?.uppercased(), words.count) {
    case ("SET", 3):
      guard values[words[1]] != nil || values.count < Self.mostNames else { return ["-the table is full"] }
      values[words[1]] = words[2]
      return ["+OK"]
    case ("GET", 2): return [values[words[1]].map { "=\($0)" } ?? "-none"]
    case ("LIST", 1): return values.keys.sorted().map { "=\($0)" } + ["+OK"]
    default: return ["-what is that? SET name value, GET name, LIST"]
    }
  }
}

/// Writes lines with what frames them, so that no value can pass for two lines.
func write(_ lines: [String], with encoder: inout FrameEncoder<LineFramer>) throws {
  for line in lines { try encoder.append(line.utf8) }
  try FileHandle.standardOutput.write(contentsOf: Data(encoder.takeBytes()))
}

@main
struct KeyValue {
  static func main() {
    var table = Table()
    // A line of more than 1000 bytes is answered as an error, and the next one as usual.
    var requests = FrameDecoder(LineFramer(limit: 1000, tooLongFrame: .discard))
    var replies = FrameEncoder(LineFramer(limit: 2000))
    do {
      while true {
        // Whatever has come, straight into the decoder: half a line, or a hundred.
        let count = try requests.fill(room: 1 << 16) { room in
          let count = read(STDIN_FILENO, room.baseAddress, room.count)
          guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
          return count
        }
        if count == 0 { try? requests.finish() }
        while let answer = answerToNext(&requests, &table) { try write(answer, with: &replies) }
        if count == 0 { return }
      }
    } catch {
      // Nobody reads the answers any more.
      FileHandle.standardError.write(Data("key-value: \(error)\n".utf8))
      exit(74)
    }
  }

  /// The answer to the next whole line; `nil` if there is none yet.
  static func answerToNext(
    _ requests: inout FrameDecoder<LineFramer>, _ table: inout Table
  ) -> [String]? {
    do {
      guard let line = try requests.next() else { return nil }
      guard let request = String(validating: line, as: UTF8.self) else { return ["-not UTF-8"] }
      return table.answer(request)
    } catch {
      return ["-\(error)"]
    }
  }
}
