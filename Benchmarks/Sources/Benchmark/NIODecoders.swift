import Framing
import NIOCore
import NIOEmbedded
import NIOExtras

extension StreamDecoder {
  /// A handler of NIOExtras in a channel without a socket.
  static let nioLengthPrefixed = StreamDecoder(name: "NIOExtras") { stream, chunk in
    channel(stream, chunk, ByteToMessageHandler(LengthFieldBasedFrameDecoder(lengthFieldLength: .four)))
  }

  /// A handler of NIOExtras in a channel without a socket.
  static let nioLines = StreamDecoder(name: "NIOExtras") { stream, chunk in
    channel(stream, chunk, ByteToMessageHandler(LineBasedFrameDecoder()))
  }

  private static func channel(_ stream: Stream, _ chunk: Int, _ handler: some ChannelHandler)
    -> Tally
  {
    let channel = EmbeddedChannel()
    let sink = Sink()
    do {
      try channel.pipeline.syncOperations.addHandler(handler)
      try channel.pipeline.syncOperations.addHandler(sink)
      let bytes = ByteBuffer(bytes: stream.bytes)
      try stream.forEachChunk(chunk) { range in
        guard let piece = bytes.getSlice(at: range.lowerBound, length: range.count) else { return }
        channel.pipeline.fireChannelRead(piece)
        try channel.throwIfErrorCaught()
      }
      _ = try channel.finish()
    } catch {
      preconditionFailure("\(error)")
    }
    return sink.tally
  }

  private final class Sink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var tally = Tally()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      unwrapInboundIn(data).withUnsafeReadableBytes { tally.add($0.bindMemory(to: UInt8.self).span) }
    }
  }

  /// A `ByteBuffer` and a loop, without a channel.
  static let nioBareLengthPrefixed = StreamDecoder(name: "NIO, bare loop") { stream, chunk in
    bare(stream, chunk) { unread, tally in
      while let length: UInt32 = unread.getInteger(at: unread.readerIndex) {
        guard var frame = unread.readSlice(length: 4 + Int(length)) else { break }
        frame.moveReaderIndex(forwardBy: 4)
        frame.withUnsafeReadableBytes { tally.add($0.bindMemory(to: UInt8.self).span) }
      }
    }
  }

  /// A `ByteBuffer` and a loop, without a channel.
  static let nioBareLines = StreamDecoder(name: "NIO, bare loop") { stream, chunk in
    var searched = 0
    return bare(stream, chunk) { unread, tally in
      while let end = unread.readableBytesView.dropFirst(searched).firstIndex(of: 0x0A) {
        let length = end - unread.readerIndex
        searched = 0
        guard var line = unread.readSlice(length: length + 1) else { break }
        let isReturned =
          length > 0 && line.getInteger(at: line.readerIndex + length - 1, as: UInt8.self) == 0x0D
        line.moveWriterIndex(to: line.writerIndex - (isReturned ? 2 : 1))
        line.withUnsafeReadableBytes { tally.add($0.bindMemory(to: UInt8.self).span) }
      }
      searched = unread.readableBytes
    }
  }

  private static func bare(
    _ stream: Stream, _ chunk: Int, _ take: (inout ByteBuffer, inout Tally) -> Void
  ) -> Tally {
    var unread = ByteBuffer()
    var tally = Tally()
    stream.bytes.withUnsafeBytes { bytes in
      stream.forEachChunk(chunk) { range in
        unread.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
        take(&unread, &tally)
        if unread.readableBytes == 0 { unread.clear() } else { unread.discardReadBytes() }
      }
    }
    return tally
  }
}
