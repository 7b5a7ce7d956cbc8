import Framing
import ToolSupport

/// Bytes as rows of hex digits and text, with a mark where a region begins.
///
///     00000000 <00 00 00 02[68 69                                |....hi|            #0: 2 bytes
///
/// Rows have sixteen bytes; each frame begins a new one. A mark stands in the gap before a region's first byte, so that
/// the picture can be read without colours, and copied.
struct HexDump {
  /// What a byte belongs to.
  enum Region {
    case header, payload, trailer
    /// No frame: the framing leaves it out.
    case stray
    /// A frame that failed, and what follows it if nothing says where it ends.
    case failed

    fileprivate var mark: UInt8 {
      switch self {
      case .header: UInt8(ascii: "<")
      case .payload: UInt8(ascii: "[")
      case .trailer: UInt8(ascii: "(")
      case .stray: UInt8(ascii: "-")
      case .failed: UInt8(ascii: "!")
      }
    }

    fileprivate var style: Terminal.Style {
      switch self {
      case .header: .header
      case .payload: .payload
      case .trailer: .trailer
      case .stray: .faint
      case .failed: .wrong
      }
    }
  }

  /// What the marks mean, in one line.
  static func legend(hasColour: Bool) -> String {
    let names: [(Region, String)] = [
      (.header, "header"), (.payload, "payload"), (.trailer, "trailer"), (.stray, "no frame"),
      (.failed, "failed"),
    ]
    let marks = names.map { region, name in
      Terminal.styled("\(Unicode.Scalar(region.mark)) \(name)", region.style, hasColour: hasColour)
    }
    return "offset    " + marks.joined(separator: "   ") + "\n"
  }

  private static let width = 16

  private let hasColour: Bool
  /// The offset of the row that is being filled.
  private var offset: UInt64 = 0
  private var row: [(byte: UInt8, region: Region, isFirst: Bool)] = []
  /// What the row that is being filled belongs to, if a later call may go on with it.
  private var open: Region?
  private var note = ""

  init(hasColour: Bool) {
    self.hasColour = hasColour
    row.reserveCapacity(Self.width)
  }

  /// Shows a frame: its bytes, which of them are payload, and a note behind its first row.
  mutating func show(_ frame: Span<UInt8>, payload: Range<Int>, note: String, on output: inout Output) {
    endRow(on: &output)
    self.note = note
    append(frame.extracting(first: payload.lowerBound), .header, on: &output)
    append(frame.extracting(payload), .payload, on: &output)
    append(frame.extracting(droppingFirst: payload.upperBound), .trailer, on: &output)
    endRow(on: &output)
  }

  /// Shows bytes outside of frames. They may come in several calls, and are shown as if it were one.
  mutating func show(_ bytes: Span<UInt8>, outside region: Region, on output: inout Output) {
    guard !bytes.isEmpty else { return }
    if open != region { endRow(on: &output) }
    append(bytes, region, isFirst: open != region, on: &output)
    open = region
  }

  /// Shows the row that is not full, and begins another region.
  mutating func endRow(on output: inout Output) {
    open = nil
    if !row.isEmpty { printRow(on: &output) }
  }

  private mutating func append(
    _ bytes: Span<UInt8>, _ region: Region, isFirst: Bool = true, on output: inout Output
  ) {
    for index in bytes.indices {
      if row.count == Self.width { printRow(on: &output) }
      row.append((bytes[index], region, isFirst && index == 0))
    }
  }

  private mutating func printRow(on output: inout Output) {
    let digits = String(offset, radix: 16)
    for _ in digits.utf8.count..<max(8, digits.utf8.count) { output.append(UInt8(ascii: "0")) }
    output.append(digits)
    output.append(" ")
    printCells(on: &output) { cell, output in
      output.append(cell.isFirst ? cell.region.mark : UInt8(ascii: " "))
      output.append(Quote.digit(cell.byte >> 4))
      output.append(Quote.digit(cell.byte & 15))
    }
    for _ in row.count..<Self.width { output.append("   ") }
    output.append("  |")
    printCells(on: &output) { cell, output in
      output.append(0x20...0x7E ~= cell.byte ? cell.byte : UInt8(ascii: "."))
    }
    output.append("|")
    if !note.isEmpty {
      for _ in row.count..<Self.width { output.append(" ") }
      output.append("  ")
      output.append(Terminal.styled(note, .strong, hasColour: hasColour))
    }
    output.append("\n")
    offset += UInt64(row.count)
    row.removeAll(keepingCapacity: true)
    note = ""
  }

  /// Prints each byte of the row, with the colour of its region.
  private func printCells(
    on output: inout Output, _ print: ((byte: UInt8, region: Region, isFirst: Bool), inout Output) -> Void
  ) {
    var region: Region?
    for cell in row {
      if hasColour && cell.region != region {
        if region != nil { output.append(Terminal.Style.end) }
        output.append(cell.region.style.begin)
        region = cell.region
      }
      print(cell, &output)
    }
    if region != nil { output.append(Terminal.Style.end) }
  }
}
