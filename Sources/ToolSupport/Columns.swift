/// Terms and what is said of them, in two columns.
package struct Columns {
  /// Where the second column begins.
  private let start: Int
  private let width: Int

  /// Columns for terms that are shorter than `start`, with lines of at most `width` characters.
  package init(secondAt start: Int, width: Int = 80) {
    self.start = start
    self.width = width
  }

  /// A term, and behind it a text in as many lines as it takes. A longer term has its own line, as a longer word has.
  package func row(_ term: String, _ text: String, style: Terminal.Style? = nil) -> [String] {
    var lines: [String] = []
    var line = term
    var end = term.count
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty && end + 1 + word.count > width || isEmpty && end > 0 && end >= start {
        lines.append(line)
        (line, end, isEmpty) = ("", 0, true)
      }
      let gap = isEmpty ? start - end : 1
      line += String(repeating: " ", count: gap) + word
      end += gap + word.count
      isEmpty = false
    }
    lines.append(line)
    if let style { lines[0] = Terminal.styled(term, style) + lines[0].dropFirst(term.count) }
    return lines
  }
}
