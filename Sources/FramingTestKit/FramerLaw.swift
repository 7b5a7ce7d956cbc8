/// What has to be true of every framer, one sentence each. ``FramerLaws`` checks it.
///
/// In the order of reading: what has one cause stands before what has many.
public enum FramerLaw: String, CaseIterable, Hashable, Sendable {
  /// Every answer makes progress and lies within the bytes shown.
  case soundAnswers
  /// Copies of a framer share nothing.
  case copiesAreIndependent
  /// `encode` only appends.
  case encodeAppends
  /// What is encoded decodes to itself.
  case roundTrip
  /// There is something to check.
  case checkable
  /// What is too long is refused early.
  case limitIsEarly
  /// A framer starts afresh behind a frame.
  case startsAfresh
  /// `needs(count:)` never overstates.
  case needsNeverOverstates
  /// No byte is read again and again.
  case looksOnce
  /// What stands behind a frame is left alone.
  case restIsLeftAlone
  /// An end inside a frame is an error, unless only an end mark is missing.
  case endIsJudged
  /// A fault stays a fault.
  case faultsStay
  /// The bytes decide, never the cuts.
  case bytesDecide

  /// The law in a sentence.
  public var sentence: String {
    switch self {
    case .soundAnswers: "Every answer makes progress and lies within the bytes shown."
    case .copiesAreIndependent: "Copies of a framer share nothing: each stream has its own."
    case .encodeAppends: "`encode` appends one frame, or refuses it and writes nothing."
    case .roundTrip: "What is encoded decodes to itself, as soon as its last byte is there."
    case .checkable: "There is something to check."
    case .limitIsEarly:
      "A frame over the limit is refused before it can be longer than the longest one within it."
    case .startsAfresh:
      "Behind a frame, and asked again for the same one, a framer answers as a new one does."
    case .needsNeverOverstates:
      "`needs(count:)` never overstates: a frame or a fault shows itself when its bytes are there."
    case .looksOnce: "Work is linear: what was searched is not searched again when another byte has come."
    case .restIsLeftAlone:
      "A frame is the same whatever stands behind it, and what stands there is left alone."
    case .endIsJudged:
      """
      An end between two frames is no error; an end inside a frame is one, unless only an end mark is missing: what \
      stands before it may be the last message, as it came.
      """
    case .faultsStay: "A fault stays the same fault, whatever stands behind it."
    case .bytesDecide:
      "The bytes decide, never the cuts: the same messages, then the same error at the same offset."
    }
  }

  /// What to do in a framer that breaks the law.
  public var advice: String {
    switch self {
    case .soundAnswers:
      """
      a frame, or a skip, has at least one byte and at most those shown; a payload lies within its frame; `needs` \
      is at least 1; `recover` drops at least one byte and at most those shown
      """
    case .copiesAreIndependent:
      "make the scan position a property of a struct, not of an object that copies share"
    case .encodeAppends:
      "judge the message before the first byte is written, only append, and throw `tooLong` or `unencodable`"
    case .roundTrip:
      "let `encode` refuse what `scan` would not give back, and let `scan` answer at the last byte of the frame"
    case .checkable:
      """
      pass `messages:` that this framing can carry; with a roomier framer, let the limit be at most 4000 bytes, \
      and give the roomier one a few thousand
      """
    case .limitIsEarly:
      "throw `tooLong` as soon as the length is known, before `needs` is answered for it, and for every such frame"
    case .startsAfresh:
      "reset the scan position, and all else that is kept, when a frame or a skip is answered"
    case .needsNeverOverstates:
      "answer the least number of bytes with which there could be either; 1 is always right"
    case .looksOnce: "keep, in a property of the framer, how far it has looked, and go on from there"
    case .restIsLeftAlone: "find the end of a frame from its own bytes, not from `bytes.count` or `atEnd`"
    case .endIsJudged:
      "while a frame is not whole answer `needs`, also with `atEnd`, and skip only what belongs to no frame"
    case .faultsStay:
      "throw only when no continuation can make a frame of the bytes, for a reason that stands in them"
    case .bytesDecide:
      "decide from the bytes, not from how many happen to be there; while a frame is not whole, answer `needs`"
    }
  }
}
