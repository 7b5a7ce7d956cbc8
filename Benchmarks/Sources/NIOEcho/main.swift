import Foundation
import NIOCore
import NIOExtras
import NIOPosix

// An echo server on SwiftNIO: `nio-echo plain | tuned`. Prints `listening on 127.0.0.1:PORT` first.
//
// Plain is what the documentation of SwiftNIO leads to: a frame decoder, a prepender and a handler that writes. Tuned is
// one handler that cuts frames out of the bytes itself and answers a burst with one buffer.

let isTuned = CommandLine.arguments.dropFirst().first == "tuned"
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let bootstrap = ServerBootstrap(group: group)
  .serverChannelOption(.backlog, value: 1024)
  .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
  .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
  .childChannelInitializer { channel in
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      if isTuned {
        try pipeline.addHandler(BurstEcho())
      } else {
        try pipeline.addHandler(
          ByteToMessageHandler(LengthFieldBasedFrameDecoder(lengthFieldLength: .four)))
        try pipeline.addHandler(LengthFieldPrepender(lengthFieldLength: .four))
        try pipeline.addHandler(MessageEcho())
      }
    }
  }
if isTuned {
  _ = bootstrap.childChannelOption(
    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10)
  )
  .childChannelOption(.maxMessagesPerRead, value: 1)
}
let server = try bootstrap.bind(host: "127.0.0.1", port: 0).wait()
// Not `print`, which keeps it back when nobody looks.
FileHandle.standardOutput.write(Data("listening on 127.0.0.1:\(server.localAddress?.port ?? 0)\n".utf8))
try server.closeFuture.wait()
