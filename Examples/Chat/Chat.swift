// A chat server: lines of text over TCP, one name for each who comes. Try it with several `nc 127.0.0.1 7777`.

import Foundation
import Framing
import FramingTransport

/// Who is there, and what each of them has not read yet.
actor Room {
  private var members: [String: AsyncStream<String>.Continuation] = [:]

  /// What `name` will have to read; `nil` if somebody has that name.
  ///
  /// A member who does not read misses the oldest lines: memory is bounded, and nobody waits for anybody.
  func enter(_ name: String) -> AsyncStream<String>? {
    guard members[name] == nil else { return nil }
    say("* \(name) has come")
    let (lines, member) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(100))
    member.yield("* here: \(members.keys.sorted().joined(separator: ", "))")
    members[name] = member
    return lines
  }

  func leave(_ name: String) {
    members.removeValue(forKey: name)?.finish()
    say("* \(name) has left")
  }

  func say(_ line: String, by name: String? = nil) {
    for (other, member) in members where other != name { member.yield(line) }
  }
}

/// What a line says, without what a terminal would obey: others will print it.
func text(_ line: [UInt8]) -> String {
  var text = String(decoding: line, as: UTF8.self)
  text.unicodeScalars.removeAll { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
    default: false
    }
  }
  return text
}

@Sendable func serve(_ connection: isolated FramedConnection, in room: Room) async throws {
  try await connection.send("Your name?".utf8)
  guard let line = try await connection.receive() else { return }
  let name = text(line)
  guard 1...20 ~= name.count, !name.contains(" ") else {
    return try await connection.send("A name is 1 to 20 characters, none of them a space.".utf8)
  }
  guard let lines = await room.enter(name) else {
    return try await connection.send("\(name) is here already.".utf8)
  }
  // What the others say goes out beside what this one says coming in.
  let writer = Task {
    for await line in lines { try await connection.send(line.utf8) }
  }
  let outcome: Result<Void, any Error>
  do {
    for try await line in connection.messages { await room.say("\(name): \(text(line))", by: name) }
    outcome = .success(())
  } catch {
    outcome = .failure(error)  // A long silence, or a peer that is gone.
  }
  await room.leave(name)
  if case .success = outcome { try? await writer.value }  // What is left for who has only finished sending.
  try outcome.get()
}

@main
struct Chat {
  static func main() async {
    guard let port = UInt16(CommandLine.arguments.dropFirst().first ?? "7777") else {
      print("usage: chat [PORT]")
      return
    }
    do {
      // A line that is too long is left out, and its connection goes on.
      let framer = LineFramer(limit: 1000, tooLongFrame: .discard)
      let room = Room()
      let server = try FramedServer(
        at: .loopback(port: port), framer: framer, onEvent: { if $0.level > .info { print($0) } })
      print("chatting at \(server.address)")
      fflush(nil)
      try await server.run { connection in try await serve(connection, in: room) }
    } catch {
      print("chat: \(error)")
    }
  }
}
