import CDecoders
import Framing

/// Somebody who takes messages out of a stream that comes in chunks.
struct StreamDecoder: Sendable {
  let name: String
  let decode: @Sendable (Stream, _ chunk: Int) -> Tally

  /// `FrameDecoder`, with the framer's own type.
  static func framing<F: Framer>(_ framer: F) -> StreamDecoder {
    StreamDecoder(name: "framing") { stream, chunk in
      var decoder = FrameDecoder(framer)
      var tally = Tally()
      let bytes = stream.bytes.span
      stream.forEachChunk(chunk) { range in
        decoder.append(bytes.extracting(range))
        do { try decoder.forEachMessage { tally.add($0) } } catch { preconditionFailure("\(error)") }
      }
      return tally
    }
  }

  /// C that appends to a buffer and looks for a count.
  static let cLengthPrefixed = StreamDecoder(name: reference) { c($0, $1, c_decode_length_prefixed) }
  /// C that appends to a buffer and looks for a line end with `memchr`.
  static let cLines = StreamDecoder(name: reference) { c($0, $1, c_decode_lines) }

  static let reference = "C"

  private static func c(
    _ stream: Stream, _ chunk: Int,
    _ decode: (UnsafeMutablePointer<c_decoder>?, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<c_tally>?)
      -> CInt
  ) -> Tally {
    var decoder = c_decoder()
    var tally = c_tally()
    stream.bytes.withUnsafeBufferPointer { bytes in
      stream.forEachChunk(chunk) { range in
        let status = decode(&decoder, bytes.baseAddress.map { $0 + range.lowerBound }, range.count, &tally)
        precondition(status == 0, "C refused a frame")
      }
    }
    c_decoder_free(&decoder)
    return Tally(messages: Int(tally.messages), bytes: Int(tally.bytes), sum: Int(tally.sum))
  }
}
