import NIOCore

/// Cuts frames out of the bytes by hand, and answers all of a burst with one buffer and one write.
final class BurstEcho: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var unread = ByteBuffer()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var chunk = unwrapInboundIn(data)
    if unread.readableBytes == 0 { unread = chunk } else { unread.writeBuffer(&chunk) }
    var replies = context.channel.allocator.buffer(capacity: unread.readableBytes)
    while let length: UInt32 = unread.getInteger(at: unread.readerIndex) {
      guard length <= 16 << 20 else { return context.close(promise: nil) }
      guard var frame = unread.readSlice(length: 4 + Int(length)) else { break }
      frame.moveReaderIndex(forwardBy: 4)
      replies.writeInteger(length)
      replies.writeBuffer(&frame)
    }
    // A connection that waits holds no memory.
    if unread.readableBytes == 0 { unread = ByteBuffer() } else { unread.discardReadBytes() }
    if replies.readableBytes > 0 { context.write(wrapOutboundOut(replies), promise: nil) }
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
}
