import Testing

/// A block of code between two fences, in a page or in a documentation comment.
struct CodeBlock: Hashable, CustomTestStringConvertible {
  /// The file, as a path from the root.
  let path: String
  /// The number of its first line, from 1.
  let line: Int
  /// What stands behind the opening fence: `swift`, `sh`, `text`, or nothing.
  let language: String
  /// What stands in the comment on the line before the block, as `run` of `<!-- run -->`; empty without one.
  let mark: String
  /// The code.
  let code: String

  var place: String { "\(path):\(line)" }
  var testDescription: String { place }

  /// The blocks of a page.
  static func blocks(ofPage path: String) throws -> [CodeBlock] {
    blocks(path, numbered(try Repository.text(of: path)))
  }

  /// The blocks in the documentation comments of a source.
  static func blocks(ofSource path: String) throws -> [CodeBlock] {
    blocks(
      path,
      numbered(try Repository.text(of: path)).map { line in
        let text = line.text.drop { $0 == " " }
        guard text.hasPrefix("///") else { return (line.number, "") }
        return (line.number, text.dropFirst(text.hasPrefix("/// ") ? 4 : 3))
      })
  }

  private typealias Line = (number: Int, text: Substring)

  private static func numbered(_ text: String) -> [Line] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
      ($0.offset + 1, $0.element)
    }
  }

  private static func blocks(_ path: String, _ lines: [Line]) -> [CodeBlock] {
    var blocks: [CodeBlock] = []
    var mark = ""
    var open: (line: Int, language: String, code: String)?
    for (number, text) in lines {
      if let (line, language, code) = open {
        guard text.hasPrefix("```") else {
          open?.code += text + "\n"
          continue
        }
        blocks.append(CodeBlock(path: path, line: line, language: language, mark: mark, code: code))
        (open, mark) = (nil, "")
      } else if text.hasPrefix("```") {
        open = (number + 1, String(text.dropFirst(3)), "")
      } else if text.hasPrefix("<!-- ") && text.hasSuffix(" -->") {
        mark = String(text.dropFirst(5).dropLast(4))
      } else if !text.isEmpty {
        mark = ""
      }
    }
    return blocks
  }
}
