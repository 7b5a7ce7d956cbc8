import ToolSupport

/// The bytes of a piece, drawn: `[00 00 00 02]68 69`, brackets around what is length and not payload.
///
/// A length that is cut leaves its bracket open, and the next piece closes it.
struct PiecePicture {
  static let headerLength = 4
  /// The bytes that fit beside their explanation in 80 columns.
  private static let widest = 14
  private static let columns = widest * 3 + 4

  /// The bytes, in two digits each.
  let text: String
  /// What brings explanations into one column.
  let padding: String

  /// Draws `piece`, whose first byte is number `position` of its frame.
  ///
  /// - Parameter payloads: The sizes of the messages that became whole with this piece.
  init(_ piece: [UInt8], at position: Int, completing payloads: [Int]) {
    var text = ""
    var width = 0
    var position = position
    var payloads = payloads[...]
    let isCut = piece.count > Self.widest
    for (index, byte) in piece.enumerated() {
      let isHeader = position < Self.headerLength
      let isShown = !isCut || index < 10 || index >= piece.count - 2
      if isShown {
        var mark = index == 0 ? " " : ""
        if position == 0 {
          mark = "["
        } else if index > 0 && position != Self.headerLength {
          mark = " "
        }
        let end = position == Self.headerLength - 1 ? "]" : ""
        text += Terminal.styled(mark + Quote.digits(byte) + end, isHeader ? .header : .payload)
        width += mark.count + 2 + end.count
      } else if index == 10 {
        text += Terminal.styled(" ..", .faint)
        width += 3
      }
      position += 1
      if let payload = payloads.first, position == Self.headerLength + payload {
        position = 0
        payloads.removeFirst()
      }
    }
    self.text = text
    padding = String(repeating: " ", count: max(1, Self.columns - width))
  }
}
