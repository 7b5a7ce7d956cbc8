import Framing
import FramingTransport
import ToolSupport

/// `framed-echo demo`: a server and a client in one process, and between them pieces that are cut on purpose.
///
/// A piece is sent only after the server has seen the one before, so TCP can neither join them nor hurry: the
/// output is the same each time, but for the port.
struct DemoCommand: Command {
  static let syntax = CommandSyntax(
    "demo", "shows a server and a client, piece by piece",
    description: """
      Starts a server on a free port of this machine and a client in the same process, sends messages cut into small \
      pieces, and shows which bytes arrived in which piece and which message came out.
      """,
    statuses: [.different, .unavailable, .inputOutput])

  init(_ arguments: Arguments) {}

  /// Messages that are sent together, and how many bytes go into each piece; the rest is the last piece.
  private struct Act {
    let title: String
    let messages: [String]
    let pieces: [Int]
  }

  private static let acts = [
    Act(title: "\"hello\", cut inside its length", messages: ["hello"], pieces: [1, 2, 3, 2]),
    Act(title: "the empty message, which is a message too", messages: [""], pieces: [3]),
    Act(
      title: "\"naïve café 🙂\", cut inside the ï and inside the 🙂", messages: ["naïve café 🙂"],
      pieces: [4, 3, 11]),
    Act(title: "two messages and a half in one piece", messages: ["go", "on", "!"], pieces: [14]),
    Act(
      title: "1,000 bytes: their number is known before they are here",
      messages: [String(repeating: "0123456789", count: 100)], pieces: [10, 500]),
  ]

  func run() async throws(Failure) -> ExitStatus {
    do {
      return try await show()
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.unavailable, "the demo cannot go on: \(error)")
    }
  }

  private func show() async throws -> ExitStatus {
    let (seen, narrator) = AsyncStream.makeStream(of: Int.self)
    let server = try FramedServer(at: .loopback(port: 0), framer: PieceFramer()) { event in
      if event.error == nil { return }
      FramedEcho.program.report("the demo's server: \(event)")
      narrator.finish()
    }
    async let serving: Void = server.run { connection in
      try await Self.serve(connection) { narrator.yield($0) }
      narrator.finish()
    }
    Self.printHeading(server)
    var client = Client(
      connection: try await .connect(to: server.address, framer: PieceFramer()),
      seen: seen.makeAsyncIterator())
    var messages = 0
    var different = 0
    for act in Self.acts {
      Terminal.print("\n" + Terminal.styled(act.title, .strong))
      different += try await client.play(act.messages.map { Array($0.utf8) }, pieces: act.pieces)
      messages += act.messages.count
    }
    try await client.close()
    server.shutdown()
    try await serving
    return Self.printSummary(messages: messages, pieces: client.pieces, different: different)
  }

  // MARK: The server

  /// Echoes messages, and shows what arrives. Tells `seen` the size of each piece once it is dealt with.
  private static func serve(
    _ connection: isolated FramedConnection, seen: @Sendable (Int) -> Void
  ) async throws {
    var decoder = FrameDecoder(LengthPrefixedFramer())
    var encoder = FrameEncoder(LengthPrefixedFramer())
    var number = 0
    for try await piece in connection.messages {
      number += 1
      let before = decoder.unreadCount
      decoder.append(piece)
      var messages: [[UInt8]] = []
      while let message = try decoder.next() {
        messages.append(message)
        try encoder.append(message)
      }
      let picture = PiecePicture(piece, at: before, completing: messages.map { $0.count })
      let label = "  piece " + (number < 10 ? " " : "") + "\(number)  "
      let note = progress(unread: decoder.unreadCount, missing: decoder.missingCount)
      Terminal.print(
        label + picture.text + (note.map { picture.padding + Terminal.styled($0, .faint) } ?? ""))
      for message in messages {
        Terminal.print("   message  " + Terminal.styled(Quote.counted(message), .strong))
      }
      try await connection.send(encoder.takeBytes())
      seen(piece.count)
    }
    try decoder.finish()
  }

  /// What the decoder knows of the frame that is not whole yet; `nil` if there is none.
  private static func progress(unread: Int, missing: Int) -> String? {
    let header = PiecePicture.headerLength
    if unread == 0 { return nil }
    if unread < header { return "length: \(unread) of \(header)" }
    return "payload: \(unread - header) of \(unread + missing - header)"
  }

  // MARK: The client

  /// Sends pieces one by one, and compares the replies.
  private struct Client {
    let connection: FramedConnection
    var seen: AsyncStream<Int>.Iterator
    var pieces = 0
    private var offset = 0

    init(connection: FramedConnection, seen: AsyncStream<Int>.Iterator) {
      self.connection = connection
      self.seen = seen
    }

    /// Sends `messages` in pieces, and answers how many replies differ.
    mutating func play(_ messages: [[UInt8]], pieces sizes: [Int]) async throws -> Int {
      var encoder = FrameEncoder(LengthPrefixedFramer())
      for message in messages { try encoder.append(message) }
      var wire = encoder.takeBytes()[...]
      for size in sizes + [wire.count - sizes.reduce(0, +)] {
        try await connection.send(Array(wire.prefix(size)))
        wire = wire.dropFirst(size)
        pieces += 1
        var unseen = size
        while unseen > 0 {
          guard let count = await seen.next(isolation: #isolation) else {
            throw Failure(.different, "the demo's server has gone")
          }
          unseen -= count
        }
      }
      return try await compare(messages)
    }

    private func compare(_ messages: [[UInt8]]) async throws -> Int {
      var decoder = FrameDecoder(LengthPrefixedFramer())
      var different = 0
      for message in messages {
        var reply = try decoder.next()
        while reply == nil, let piece = try await connection.receive() {
          decoder.append(piece)
          reply = try decoder.next()
        }
        let got = reply.map(Quote.bytes) ?? "the end of the stream"
        if reply == message {
          Terminal.print("      echo  " + Terminal.styled("\(got), equal", .faint))
        } else {
          Terminal.print("      echo  " + Terminal.styled("differs: \(got)", .wrong))
          different += 1
        }
      }
      return different
    }

    /// Closes, and waits until the server has seen the end.
    mutating func close() async throws {
      await connection.finish()
      while await seen.next(isolation: #isolation) != nil {}
      try await connection.close()
    }
  }

  // MARK: Around it

  private static func printHeading(_ server: FramedServer) {
    let bytes = Terminal.styled("[00 00 00 05]", .header) + Terminal.styled("68 65 6c 6c 6f", .payload)
    Terminal.print(
      """
      \(Terminal.styled("framed-echo demo", .strong)): a server on \(server.address) and its client, in one process

      TCP carries bytes in order, and says nothing of where a message ends. So each
      message goes out behind its length, 4 bytes, and the pieces may be any:

        "hello" is  \(bytes)   \(Terminal.styled("[length]", .header))\(Terminal.styled("payload", .payload))

      Below, the client cuts on purpose; the server shows each piece as it comes.
      """)
  }

  private static func printSummary(messages: Int, pieces: Int, different: Int) -> ExitStatus {
    guard different == 0 else {
      Terminal.print("\n" + Terminal.styled("\(different) of \(messages) echoes differ", .wrong))
      return .different
    }
    Terminal.print(
      """

      \(Terminal.styled("\(messages) messages in \(pieces) pieces, every echo equal.", .strong))

      Next, in two terminals:
        swift run framed-echo serve
        swift run framed-echo send hello "two words"
      """)
    return .success
  }
}
