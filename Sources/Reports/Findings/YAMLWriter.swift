/// YAML in block form. Strings are in double quotes unless they are plain words; patches of several lines are block
/// scalars where every character allows it.
struct YAMLWriter: TreeWriter {
  private var buffer: ByteBuffer
  private struct Level {
    var isList: Bool
    /// The column of the level's own lines.
    var indent: Int
    var isEmpty = true
    /// The level is itself an element of a list: its first line follows the dash.
    var followsDash: Bool
    var hasKey: Bool
  }
  private var levels: [Level] = []

  init(_ sink: @escaping ([UInt8]) -> Void) { buffer = ByteBuffer(sink) }

  mutating func openMapping(_ key: StaticString?, isRow: Bool) { open(key, isList: false) }
  mutating func openList(_ key: StaticString?) { open(key, isList: true) }
  mutating func closeMapping() { close("{}") }
  mutating func closeList() { close("[]") }

  mutating func string(_ key: StaticString?, _ value: String) {
    begin(key)
    if key != nil { buffer.append(0x20) }
    if Self.isWord(value) {
      buffer.append(value)
    } else if let lines = Self.block(value), let indent = levels.last?.indent {
      buffer.append("|-")
      for line in lines {
        buffer.append(0x0A)
        buffer.blanks(indent + 2)
        buffer.append(String(line))
      }
    } else {
      buffer.quoted(value, isYAML: true)
    }
    buffer.append(0x0A)
  }

  mutating func number(_ key: StaticString?, _ value: Int) { scalar(key, String(value)) }
  mutating func bool(_ key: StaticString?, _ value: Bool) { scalar(key, value ? "true" : "false") }
  mutating func decimal(_ key: StaticString?, _ value: Double) { scalar(key, value.isFinite ? "\(value)" : "null") }
  mutating func finish() { buffer.flush() }

  private mutating func scalar(_ key: StaticString?, _ text: String) {
    begin(key)
    if key != nil { buffer.append(0x20) }
    buffer.append(text)
    buffer.append(0x0A)
  }

  private mutating func open(_ key: StaticString?, isList: Bool) {
    guard let parent = levels.last else {
      return levels.append(Level(isList: isList, indent: 0, followsDash: false, hasKey: false))
    }
    if parent.isList {
      begin(nil)
      levels.append(Level(isList: isList, indent: parent.indent + 2, followsDash: true, hasKey: false))
    } else {
      begin(key)
      levels.append(
        Level(isList: isList, indent: parent.indent + (isList ? 0 : 2), followsDash: false, hasKey: true))
    }
  }

  /// The beginning of a line (unless it follows a dash), the dash of a list's element, the key.
  private mutating func begin(_ key: StaticString?) {
    buffer.flushIfLarge()
    guard let last = levels.indices.last else { return }
    let level = levels[last]
    if level.isEmpty && level.hasKey { buffer.append(0x0A) }
    if !(level.isEmpty && level.followsDash) { buffer.blanks(level.indent) }
    levels[last].isEmpty = false
    if level.isList { buffer.append("- ") }
    guard let key else { return }
    buffer.append(key)
    buffer.append(0x3A)
  }

  private mutating func close(_ empty: StaticString) {
    guard let level = levels.popLast(), level.isEmpty else { return }
    if level.hasKey { buffer.append(0x20) }
    buffer.append(empty)
    buffer.append(0x0A)
  }

  /// Letters, digits and a few marks, beginning with a letter, and no word that YAML reads as something else.
  private static func isWord(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x41...0x5A).contains(first & 0xDF), text.utf8.count < 100 else { return false }
    let isPlain = text.utf8.allSatisfy { byte in
      (0x41...0x5A).contains(byte & 0xDF) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x2F, 0x5F].contains(byte)
    }
    return isPlain && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
  }

  private static func block(_ text: String) -> [Substring]? {
    guard text.utf8.contains(0x0A), text.utf8.first != 0x20, text.utf8.first != 0x0A, text.utf8.last != 0x0A,
      text.utf8.allSatisfy({ $0 == 0x0A || (0x20...0x7E).contains($0) && $0 != 0x3C && $0 != 0x3E && $0 != 0x26 })
    else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // A line that a runner takes for a command stays in quotes.
    let isCommand = lines.contains { $0.drop { $0 == " " }.hasPrefix("::") || $0.contains("##[") || $0.hasSuffix(" ") }
    return isCommand ? nil : lines
  }
}
