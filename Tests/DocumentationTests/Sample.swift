import Foundation

/// A block of Swift in the documentation.
///
/// A block with an `import` is a program, or a file of one, and stands by itself. Any other is a part of something, and
/// is checked as the body of a function, on a connection: what it leaves open, as `server` or `chunk`, stands in
/// ``surroundings``.
///
/// One behind `<!-- file: ... -->` is a file of a package, which `Scripts/docs walk` builds.
///
/// A program behind `<!-- run -->` is run, too. What it prints has to be what stands in the comments of the lines that
/// print, or, if there is none, in the `text` block that follows; `...` stands for anything, and alone in the last line for
/// all that comes.
struct Sample {
  let block: CodeBlock
  /// The block behind it in its file.
  let next: CodeBlock?

  var isProgram: Bool { block.code.split(separator: "\n").contains { $0.hasPrefix("import ") } }
  /// Whether it is checked elsewhere, as a file of a package.
  var isFile: Bool { block.mark.hasPrefix("file: ") }
  /// Whether it says what a package is.
  var isManifest: Bool { block.code.hasPrefix("// swift-tools-version") }
  /// Whether its top level holds declarations only, as in a file of tests.
  var isTest: Bool { block.code.contains("import Testing") }
  var isRun: Bool { block.mark == "run" }

  /// All samples: of the pages, and of the comments in the sources.
  static func all() throws -> [Sample] {
    let files =
      try Repository.pages.map(CodeBlock.blocks(ofPage:))
      + Repository.sources.map(CodeBlock.blocks(ofSource:))
    return files.flatMap { blocks in
      blocks.indices.filter { blocks[$0].language == "swift" }.map { index in
        Sample(block: blocks[index], next: index + 1 < blocks.count ? blocks[index + 1] : nil)
      }
    }.filter { !$0.isFile }
  }

  /// The block as a function, which says where it stands if something is wrong with it.
  func function(named name: String) -> String {
    """
    import Framing
    import FramingSimulation
    import FramingTestKit
    import FramingTransport
    func \(name)(connection: isolated FramedConnection) async throws {
    #sourceLocation(file: "\(block.path)", line: \(block.line))
    \(block.code)
    #sourceLocation()
    }
    """
  }

  /// The block as a program, which says the same.
  var program: String { "#sourceLocation(file: \"\(block.path)\", line: \(block.line))\n" + block.code }

  /// The lines that the program prints.
  var expectedOutput: [String] {
    let comments = block.code.split(separator: "\n").compactMap { line -> String? in
      guard line.contains("print("), let comment = line.range(of: "  // ") else { return nil }
      return String(line[comment.upperBound...])
    }
    if !comments.isEmpty { return comments }
    guard let next, next.language == "text" else { return [] }
    return next.code.split(separator: "\n").map(String.init)
  }

  /// Whether the program has printed `lines`.
  func prints(_ lines: [Substring]) -> Bool {
    var expected = expectedOutput
    let isOpen = expected.last == "..."
    if isOpen { expected.removeLast() }
    guard isOpen ? lines.count >= expected.count : lines.count == expected.count else { return false }
    return zip(lines, expected).allSatisfy { Self.matches($0, $1) }
  }

  /// Whether `line` is `pattern`, in which `...` stands for anything.
  static func matches(_ line: some StringProtocol, _ pattern: String) -> Bool {
    let parts = pattern.components(separatedBy: "...")
    guard parts.count > 1 else { return line == pattern }
    guard line.hasPrefix(parts[0]) else { return false }
    var rest = line.dropFirst(parts[0].count)[...]
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.range(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }

  /// What fragments speak of and do not make.
  static let surroundings = """
    import Framing
    import FramingTestKit
    import FramingTransport
    struct Wrong: Error {}
    struct Wire { func send(_ bytes: Span<UInt8>) -> Int { bytes.count } }
    let socket = Wire()
    let chunk: [UInt8] = []
    let text = ""
    typealias MyFramer = LineFramer
    let fixture = try! Fixture(text, name: text)
    let message: [UInt8] = []
    let (N, n, m, C) = (8, 8, 8, UInt8(10))
    func use(_ message: [UInt8]) {}
    func use(_ message: Span<UInt8>) {}
    let address = SocketAddress.loopback(port: 0)
    let framer = LineFramer()
    let loop = try! EventLoop()
    let server = try! FramedServer(at: address, framer: framer)
    """
}
