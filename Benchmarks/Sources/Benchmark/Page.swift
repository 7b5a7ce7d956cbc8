import Foundation

/// A page whose tables are made by the commands that stand in it, and not typed:
///
///     <!-- run: echo --rounds 7 -->
///     whatever stood here before is replaced by the command and what it prints
///     <!-- end -->
///
/// Words are separated by spaces; what stands between two `'` is one.
enum Page {
  /// The text with every table made anew by `run`, which gets the words of the command.
  static func renewed(_ text: String, _ run: ([String]) throws -> String) throws -> String {
    var lines: [Substring] = []
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "<!-- end -->" { isInside = false }
      if !isInside { lines.append(line) }
      guard let words = command(in: line) else { continue }
      if words.first != "machine" { lines += ["`Benchmarks/run \(line.dropFirst(10).dropLast(4))`", ""] }
      // Below the headings of the page.
      let table = try run(words).split(separator: "\n", omittingEmptySubsequences: false)
      lines += table.map { $0.hasPrefix("## ") ? "#" + $0 : $0 }
      isInside = true
    }
    guard !isInside else { throw Problem("the last <!-- run: --> of the page has no <!-- end -->") }
    return lines.joined(separator: "\n")
  }

  private static func command(in line: Substring) -> [String]? {
    guard line.hasPrefix("<!-- run: "), line.hasSuffix(" -->") else { return nil }
    return line.dropFirst(10).dropLast(4).split(separator: "'", omittingEmptySubsequences: false).enumerated()
      .flatMap { index, part in
        index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
      }
  }
}
