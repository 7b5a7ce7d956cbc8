/// The rest of a frame that is left out, of whatever framing.
@usableFromInline
internal struct LeftOutFrame: Sendable {
  /// How many of the bytes shown belong to the frame, 0 if that is not known yet; `nil` once it is over.
  let drop: @Sendable (Span<UInt8>, _ atEnd: Bool) -> Int?
  /// Whether all of its bytes were dropped.
  let isOver: @Sendable () -> Bool

  @usableFromInline
  init<F: Framer>(_ framer: F) {
    let box = Box(framer)
    drop = { bytes, atEnd in
      guard box.framer.isLeavingOut else { return nil }
      if case .skip(let count)? = try? box.framer.scan(bytes, atEnd: atEnd) { return count }
      return 0
    }
    isOver = { !box.framer.isLeavingOut }
  }

  // Unchecked: a decoder has the only reference, and is not used by two at once.
  private final class Box<F: Framer>: @unchecked Sendable {
    var framer: F
    init(_ framer: F) { self.framer = framer }
  }
}
