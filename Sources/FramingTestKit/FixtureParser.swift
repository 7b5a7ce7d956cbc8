import Framing

/// Text to ``Fixture``: which lines there are and in which order they can stand.
///
/// What cannot come true is refused here, so that a slip of the pen is not taken for a bug in a framer.
struct FixtureParser {
  private static let keywords = ["#", "framer SPEC", ">", "<", "!", "end", "encodes"]

  private let name: String
  private var comments: [String] = []
  private var framer: FramerSpec?
  private var steps: [Fixture.Step] = []
  private var encodes = false
  private var hasEnded = false
  /// The last error, if there was one.
  private var error: ExpectedError?

  init(name: String) { self.name = name }

  /// Reads a whole file.
  mutating func parse(_ text: String) throws(FixtureError) -> Fixture {
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.count > 1 && lines.last?.isEmpty == true { lines.removeLast() }
    for (index, content) in lines.enumerated() {
      // A file that was checked out with CR LF reads the same.
      let isCRLF = content.last == UInt8(ascii: "\r")
      var line = FixtureLine(isCRLF ? content.dropLast() : content, name: name, number: index + 1)
      try parse(&line)
    }
    let last = FixtureLine([], name: name, number: lines.count)
    guard let framer else { throw last.error(Self.missingFramer) }
    guard !steps.isEmpty else {
      throw last.error("nothing happens; a fixture has a chunk (\">\") or an \"end\"")
    }
    return Fixture(name: name, comments: comments, framer: framer, steps: steps, encodes: encodes)
  }

  private static let missingFramer = "expected \"framer SPEC\" before anything but comments"

  private mutating func parse(_ line: inout FixtureLine) throws(FixtureError) {
    if line.isAtEnd {
      comment(line.rest())
      return
    }
    let keyword = line.word()
    if framer == nil && keyword != "framer" {
      throw line.error(Self.missingFramer)
    }
    switch keyword {
    case "framer": try parseFramer(&line)
    case ">": try parseChunk(&line)
    case "<": try parseMessage(&line)
    case "!": try parseError(&line)
    case "end": try parseEnd(&line)
    case "encodes": try parseEncodes(&line)
    default:
      let known = Self.keywords.joined(separator: ", ")
      throw line.error("unknown line \"\(keyword)\"; a line begins with one of \(known)")
    }
  }

  private mutating func comment(_ text: String) {
    guard !text.isEmpty else { return }
    let words = text.dropFirst()
    comments.append(String(words.hasPrefix(" ") ? words.dropFirst() : words))
  }

  private mutating func parseFramer(_ line: inout FixtureLine) throws(FixtureError) {
    guard framer == nil else { throw line.error("a second framer; a fixture has one") }
    do throws(FramerSpecError) {
      framer = try FramerSpec(line.rest())
    } catch {
      throw line.error(error.description)
    }
  }

  // MARK: What happens

  private mutating func parseChunk(_ line: inout FixtureLine) throws(FixtureError) {
    guard !hasEnded else {
      throw line.error("a chunk behind \"end\"; there can only be messages, or an error")
    }
    let bytes = try line.bytes()
    guard !bytes.isEmpty else { throw line.error("an empty chunk; nothing arrives, so it says nothing") }
    steps.append(Fixture.Step(.chunk(bytes), line: line.number))
  }

  private mutating func parseEnd(_ line: inout FixtureLine) throws(FixtureError) {
    try expectNoFailure(line)
    guard !hasEnded else { throw line.error("a second end; a stream has one") }
    try line.expectEnd(behind: "end")
    hasEnded = true
    steps.append(Fixture.Step(.end, line: line.number))
  }

  // MARK: What has to happen then

  private mutating func parseMessage(_ line: inout FixtureLine) throws(FixtureError) {
    try expectNoFailure(line)
    try expectArrival(line)
    steps.append(Fixture.Step(.message(try line.bytes()), line: line.number))
  }

  private mutating func parseError(_ line: inout FixtureLine) throws(FixtureError) {
    try expectNoFailure(line)
    try expectArrival(line)
    let error = try ExpectedError(&line)
    guard error.kind != .truncated || hasEnded else {
      throw line.error("truncated before \"end\"; only the end of the stream cuts a frame off")
    }
    guard !encodes else {
      throw line.error("an error in a stream that \"encodes\"; no encoder makes such bytes")
    }
    self.error = error
    steps.append(Fixture.Step(.error(error), line: line.number))
  }

  private mutating func parseEncodes(_ line: inout FixtureLine) throws(FixtureError) {
    guard error == nil else {
      throw line.error("\"encodes\" in a stream with an error; no encoder makes such bytes")
    }
    guard !encodes else { throw line.error("encodes is there twice") }
    try line.expectEnd(behind: "encodes")
    encodes = true
  }

  private func expectNoFailure(_ line: FixtureLine) throws(FixtureError) {
    if let error, error.kind != .tooLong {
      throw line.error(
        "\(error.kind.rawValue) is final; behind it there can only be chunks (\">\"), which lead to nothing")
    }
  }

  private func expectArrival(_ line: FixtureLine) throws(FixtureError) {
    if steps.isEmpty {
      throw line.error("nothing has arrived yet; expected a chunk (\">\") or \"end\" before")
    }
  }
}
