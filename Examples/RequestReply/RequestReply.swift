// A client that asks several questions at once over one connection, and waits for each answer only so long.
//
// A message is a number of four bytes, which the reply repeats, and text. Any server that echoes will do: start
// `framed-echo serve`, then `request-reply 127.0.0.1:7777 1000 one two three`.

import Framing
import FramingTransport

enum RequestError: Error { case timedOut, closed }

/// One connection, and who waits for what on it. Replies may come in any order, late, or never.
actor Client {
  private let connection: FramedConnection
  private var waiting: [UInt32: CheckedContinuation<[UInt8], any Error>] = [:]
  private var lastNumber: UInt32 = 0
  /// Why no further reply will come.
  private var end: (any Error)?

  init(_ connection: FramedConnection) { self.connection = connection }

  /// Hands each reply to who waits for it, until the connection ends. One that nobody waits for is too late, or wrong.
  func receiveReplies() async {
    var end: any Error = RequestError.closed
    do {
      for try await message in connection.messages where message.count >= 4 {
        let number = message[..<4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        waiting.removeValue(forKey: number)?.resume(returning: Array(message[4...]))
      }
    } catch {
      end = error
    }
    self.end = end
    for number in waiting.keys { fail(number, end) }
  }

  /// The reply to `request`, if it comes within `time`.
  func reply(to request: some Collection<UInt8> & Sendable, within time: Duration) async throws -> [UInt8] {
    if let end { throw end }
    lastNumber &+= 1
    let number = lastNumber
    let prefix = (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    // A peer that does not read must not make us wait longer, so the clock runs while the request is sent, too.
    let timer = Task {
      try await connection.loop.sleep(for: time)
      fail(number, RequestError.timedOut)
    }
    defer { timer.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        waiting[number] = continuation
        Task {
          do { try await connection.send(prefix + request) } catch { fail(number, error) }
        }
      }
    } onCancel: {
      Task { await fail(number, CancellationError()) }
    }
  }

  private func fail(_ number: UInt32, _ error: any Error) {
    waiting.removeValue(forKey: number)?.resume(throwing: error)
  }
}

@main
struct RequestReply {
  static func main() async {
    let words = CommandLine.arguments.dropFirst()
    guard words.count > 2, let address = SocketAddress(words[1]), let time = Int(words[2]) else {
      print("usage: request-reply ADDRESS:PORT MILLISECONDS REQUEST...")
      return
    }
    do {
      let framer = LengthPrefixedFramer(limit: 64 << 10)
      let connection = try await FramedConnection.connect(to: address, framer: framer)
      let client = Client(connection)
      let receiver = Task { await client.receiveReplies() }
      await withTaskGroup { group in
        for request in words[3...] {
          group.addTask {
            do {
              let reply = try await client.reply(to: request.utf8, within: .milliseconds(time))
              print("\(request): \(String(decoding: reply, as: UTF8.self))")
            } catch {
              print("\(request): no reply: \(error)")
            }
          }
        }
      }
      await connection.reset()  // Nothing that is still on its way has anybody who waits for it.
      await receiver.value
    } catch {
      print("request-reply: \(error)")
    }
  }
}
