import Framing
import FramingTransport
import Glibc

// An echo server whose handler works on every message, as handlers do: `busy-echo LOOPS`. Prints `listening on
// 127.0.0.1:PORT` first.

let loops = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1
let server = try FramedServer(at: .loopback(port: 0), framer: LengthPrefixedFramer(), loops: loops)
// Not `print`, which keeps it back when nobody looks.
let greeting = "listening on \(server.address)\n"
_ = write(STDOUT_FILENO, greeting, greeting.utf8.count)
try await server.run(onMessage: { message, connection in
  // Some 50 microseconds: a hash of the message (FNV-1a), of that hash and the message, and so on. The answer is the message
  // all the same, as the load checks every byte; that it depends on the hash keeps the work from being left out.
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for _ in 0..<1000 {
    for index in message.indices { hash = (hash ^ UInt64(message[index])) &* 0x100_0000_01b3 }
  }
  if hash != 0 { try connection.send(message) }
})
