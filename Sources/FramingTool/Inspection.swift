import Framing
import ToolSupport

/// A stream that is shown while it is decoded: every byte, and what it belongs to.
struct Inspection: ~Copyable {
  /// Whether no frame has failed.
  private(set) var isClean = true

  private var decoder: FrameDecoder<AnyFramer>
  /// The bytes that the dump has not shown yet. A copy: a decoder that fails drops its own.
  private var hidden = FrameBuffer()
  /// How many bytes of the stream it has shown.
  private var shown: UInt64 = 0
  private var dump: HexDump
  private let hasColour: Bool
  private var frames = 0
  /// The error of the frame that is being shown as failed; told behind its bytes.
  private var error: FramingError?

  init(_ framer: AnyFramer, hasColour: Bool) {
    decoder = FrameDecoder(framer)
    dump = HexDump(hasColour: hasColour)
    self.hasColour = hasColour
  }

  /// Takes bytes that have arrived, and shows what is known of them now.
  mutating func append(_ bytes: Span<UInt8>, on output: inout Output) {
    if shown == 0 && hidden.isEmpty { output.append(HexDump.legend(hasColour: hasColour)) }
    hidden.append(bytes)
    decoder.append(bytes)
    showKnown(on: &output)
  }

  /// Takes the end of the stream, and shows the rest.
  mutating func finish(on output: inout Output) {
    if decoder.failure == nil {
      do throws(FramingError) { try decoder.finish() } catch { show(error, on: &output) }
    }
    showKnown(on: &output)
    endFailure(on: &output)
    dump.endRow(on: &output)
  }

  private mutating func showKnown(on output: inout Output) {
    while error == nil || error != decoder.failure {
      do throws(FramingError) {
        while let frame = try decoder.peek() { show(frame, on: &output) }
        return showUnframed(upTo: decoder.offset, on: &output)
      } catch {
        show(error, on: &output)
      }
    }
    // Nothing says where the frame ends: what follows is shown with it.
    showUnframed(upTo: .max, on: &output)
  }

  private mutating func show(_ error: FramingError, on output: inout Output) {
    showUnframed(upTo: error.offset, on: &output)
    endFailure(on: &output)
    self.error = error
    isClean = false
  }

  private mutating func show(_ frame: FrameLocation, on output: inout Output) {
    showUnframed(upTo: frame.offset, on: &output)
    endFailure(on: &output)
    // It was located already. Of a framing that escapes, the message is shorter than the payload on the wire.
    let size = (try? decoder.withNextMessage { $0.count }) ?? frame.payload.count
    let note = "#\(frames): \(size) \(size == 1 ? "byte" : "bytes")"
    hidden.withBytes { bytes in
      dump.show(bytes.extracting(first: frame.wireLength), payload: frame.payload, note: note, on: &output)
    }
    hidden.removeFirst(frame.wireLength)
    shown += UInt64(frame.wireLength)
    frames += 1
  }

  /// Shows the bytes before `offset` that no frame has: of the frame that has failed, or of none.
  private mutating func showUnframed(upTo offset: UInt64, on output: inout Output) {
    let count = Int(min(UInt64(hidden.count), offset - shown))
    hidden.withBytes { bytes in
      dump.show(bytes.extracting(first: count), outside: error == nil ? .stray : .failed, on: &output)
    }
    hidden.removeFirst(count)
    shown += UInt64(count)
  }

  /// Tells the error behind the bytes that have it.
  private mutating func endFailure(on output: inout Output) {
    guard let error else { return }
    dump.endRow(on: &output)
    output.append(Terminal.styled("! \(error)", .wrong, hasColour: hasColour) + "\n")
    self.error = nil
  }
}
