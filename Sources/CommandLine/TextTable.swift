import Diagnostics

/// A table for terminals: columns as wide as their widest cell, counted in columns of the terminal and not in
/// characters. Cells are made safe; colours are added after measuring.
struct TextTable {
  struct Cell: ExpressibleByStringLiteral {
    var text: String
    var color: TextColor?

    init(_ text: String, _ color: TextColor? = nil) {
      self.text = text
      self.color = color
    }

    init(stringLiteral value: String) { self.init(value) }
  }

  var columns: [String]
  var rows: [[Cell]]
  var colored = false

  init(columns: [String], rows: [[Cell]], colored: Bool = false) {
    self.columns = columns
    self.rows = rows
    self.colored = colored
  }

  init(columns: [String], rows: [[String]]) {
    self.init(columns: columns, rows: rows.map { $0.map { Cell($0) } })
  }

  /// The table with a heading, lines ended by newlines, no blanks at the ends of lines.
  func rendered() -> String {
    let lines = [columns.map { Cell($0, .bold) }] + rows
    let cells = lines.map { $0.map { Cell($0.text.safeForTerminal, $0.color) } }
    var widths = [Int](repeating: 0, count: cells.map(\.count).max() ?? 0)
    for line in cells {
      for (index, cell) in line.enumerated() { widths[index] = max(widths[index], cell.text.terminalWidth) }
    }
    return cells.map { line in
      var text = ""
      for (index, cell) in line.enumerated() {
        text += colored ? cell.color?.paint(cell.text) ?? cell.text : cell.text
        guard line[(index + 1)...].contains(where: { !$0.text.isEmpty }) else { break }
        text += String(repeating: " ", count: widths[index] - cell.text.terminalWidth + 2)
      }
      return text + "\n"
    }.joined()
  }
}

/// The few colours in use; what they say is always said in words as well.
enum TextColor: String {
  case bold = "1"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case dim = "2"

  func paint(_ text: String) -> String { text.isEmpty ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}

extension String {
  /// Columns that the text takes in a terminal.
  var terminalWidth: Int { reduce(0) { $0 + $1.terminalWidth } }
}

extension Character {
  /// 0 for marks alone, 2 for East Asian wide characters and emoji, 1 for the rest.
  fileprivate var terminalWidth: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    if scalar.isASCII { return 1 }
    if unicodeScalars.contains(where: { $0.value == 0xFE0F }) || scalar.properties.isEmojiPresentation { return 2 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
      0x17000...0x18CFF, 0x1B000...0x1B2FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
