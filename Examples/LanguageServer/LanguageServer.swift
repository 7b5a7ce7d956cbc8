// Starts a language server, shakes hands with it, and asks it what it can do: JSON-RPC behind Content-Length headers.
//
//     language-server sourcekit-lsp

import Foundation
import Framing

enum PeerError: Error { case ended, notAnObject(byte: UInt64), refused(String), silent }

/// A process at the other end of two pipes, and JSON objects between it and us.
struct Peer: ~Copyable {
  private let process = Process()
  private let toPeer = Pipe(), fromPeer = Pipe()
  private var encoder = FrameEncoder(ContentLengthFramer())
  private var decoder = FrameDecoder(ContentLengthFramer())

  init(_ command: [String]) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    (process.standardInput, process.standardOutput) = (toPeer, fromPeer)
    signal(SIGPIPE, SIG_IGN)  // A peer that is gone is an error of `write`, not our end.
    try process.run()
    // A peer that says nothing must not keep us for ever: what it has not said by then is the end of the stream.
    let process = process
    DispatchQueue.global().asyncAfter(deadline: .now() + 30) { process.terminate() }
  }

  deinit { if process.isRunning { process.terminate() } }

  mutating func send(_ object: [String: Any]) throws {
    try encoder.append(JSONSerialization.data(withJSONObject: object.merging(["jsonrpc": "2.0"]) { $1 }))
    do {
      try toPeer.fileHandleForWriting.write(contentsOf: encoder.takeBytes())
    } catch {
      throw PeerError.ended
    }
  }

  mutating func receive() throws -> [String: Any] {
    while true {
      if let message = try decoder.next() {
        guard let object = try? JSONSerialization.jsonObject(with: Data(message)) as? [String: Any] else {
          throw PeerError.notAnObject(byte: decoder.offset)
        }
        return object
      }
      let chunk = fromPeer.fileHandleForReading.availableData
      guard !chunk.isEmpty else {
        try decoder.finish()
        throw PeerError.ended
      }
      decoder.append(chunk)
    }
  }

  /// The result of a call. What the peer tells or asks meanwhile is passed over, or refused: a peer waits for an answer.
  mutating func call(_ method: String, _ parameters: [String: Any]?, number: Int) throws -> Any? {
    try send(["id": number, "method": method].merging(parameters.map { ["params": $0] } ?? [:]) { $1 })
    while true {
      let message = try receive()
      if message["method"] != nil {
        if let id = message["id"] {
          try send(["id": id, "error": ["code": -32601, "message": "this client has no methods"]])
        }
      } else if message["id"] as? Int == number {
        if let error = message["error"] as? [String: Any] {
          throw PeerError.refused("\(error["message"] ?? error)")
        }
        return message["result"]
      }
    }
  }
}

let command = Array(CommandLine.arguments.dropFirst())
guard !command.isEmpty else {
  print("usage: language-server COMMAND [ARGUMENT...]")
  exit(64)
}
do {
  var peer = try Peer(command)
  let parameters: [String: Any] = [
    "processId": Int(getpid()), "rootUri": NSNull(), "capabilities": [String: Any](),
  ]
  let result = try peer.call("initialize", parameters, number: 1) as? [String: Any]
  try peer.send(["method": "initialized", "params": [String: Any]()])
  let capabilities = result?["capabilities"] as? [String: Any] ?? [:]
  print("\(command[0]) can: \(capabilities.keys.sorted().joined(separator: ", "))")
  _ = try peer.call("shutdown", nil, number: 2)
  try? peer.send(["method": "exit"])  // It may have gone already.
} catch {
  print("language-server: \(command[0]): \(error)")
  exit(1)
}
