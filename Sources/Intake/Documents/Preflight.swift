/// A cheap look over one document's bytes before a parser sees them: how deep, how many nodes, how many aliases.
///
/// It knows just enough of YAML (comments, quotes, block scalars, flow brackets, indentation) to count structure and
/// not text. The counts are estimates; they are checked exactly after composing (`ComposedDocument`), which is
/// safe once
/// these bounds hold.
struct Preflight {
  private(set) var nodes = 1
  private(set) var depth = 0
  private(set) var anchors = 0
  private(set) var aliases = 0
  /// Mapping keys that are no scalars: Kubernetes has none, and with aliases their comparison is exponential.
  private(set) var complexKeys = false
  private(set) var depthLine = 0

  private var flow = 0
  private var quote: UInt8 = 0
  private var indents: [Int] = []
  /// Lines indented deeper than this belong to a block scalar.
  private var blockScalarParent: Int?

  init(_ document: RawDocument) {
    var line = document.line
    var start = document.bytes.startIndex
    if document.bytes.starts(with: "---".utf8) { start += 3 }
    while start < document.bytes.endIndex {
      let end = document.bytes[start...].firstIndex(of: 0x0A) ?? document.bytes.endIndex
      scan(document.bytes[start..<end], line: line)
      // Nothing after this can make the document acceptable.
      if nodes > IntakeLimits.nodes || depth > IntakeLimits.nesting { return }
      start = end + 1
      line += 1
    }
  }

  private mutating func scan(_ line: ArraySlice<UInt8>, line number: Int) {
    guard let first = line.firstIndex(where: { !$0.isYAMLSpace }) else { return }
    let indent = first - line.startIndex
    if let parent = blockScalarParent {
      if indent > parent { return }
      blockScalarParent = nil
    }
    // A quote that was open before this line may be none (an apostrophe inside a plain text): then what follows counts.
    if quote != 0 { nodes += line.count { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":") } }
    if flow == 0 && quote == 0 { pop(to: indent) }
    var column = line.startIndex
    var atStart = true
    while column < line.endIndex {
      let byte = line[column]
      if quote != 0 {
        column = skipQuoted(line, column)
        continue
      }
      if byte.isYAMLSpace {
        column += 1
        continue
      }
      if byte == UInt8(ascii: "#") && (column == line.startIndex || line[column - 1].isYAMLSpace) { return }
      column = token(line, column, atStart: &atStart, indent: column - line.startIndex, number)
    }
  }

  /// Handles one token and returns the index after it.
  private mutating func token(
    _ line: ArraySlice<UInt8>, _ column: Int, atStart: inout Bool, indent: Int, _ number: Int
  ) -> Int {
    let byte = line[column]
    let next = column + 1 < line.endIndex ? line[column + 1] : 0x20
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      if atStart && flow == 0 { push(indent, number) }
      quote = byte
      atStart = false
      return column + 1
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      flow += 1
      nodes += 1
      note(number)
      return column + 1
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      flow = max(0, flow - 1)
      if let after = line[(column + 1)...].first(where: { !$0.isYAMLSpace }), after == UInt8(ascii: ":") {
        complexKeys = true
      }
      return column + 1
    case UInt8(ascii: ","):
      if flow > 0 { nodes += 1 }
      return column + 1
    case UInt8(ascii: ":"):
      nodes += 2
      return column + 1
    case UInt8(ascii: "-") where next.isYAMLSpace && flow == 0 && atStart,
      UInt8(ascii: "?") where next.isYAMLSpace:
      nodes += 1
      if byte == UInt8(ascii: "?") { complexKeys = true }
      push(indent, number)
      return column + 1
    case UInt8(ascii: "|") where flow == 0, UInt8(ascii: ">") where flow == 0:
      return blockScalar(line, column)
    case UInt8(ascii: "&"):
      anchors += 1
      return endOfName(line, column + 1)
    case UInt8(ascii: "*") where !next.isYAMLSpace:
      aliases += 1
      let end = endOfName(line, column + 1)
      if line[column..<end].last == UInt8(ascii: ":") || line[end...].first(where: { !$0.isYAMLSpace }) == 0x3A {
        complexKeys = true
      }
      return end
    case UInt8(ascii: "!"):
      return endOfName(line, column + 1)
    default:
      if atStart && flow == 0 { push(indent, number) }
      atStart = false
      return plainScalar(line, column)
    }
  }

  /// Skips a plain scalar up to what can follow it: `: `, ` #`, or in a flow collection one of `,[]{}`.
  private func plainScalar(_ line: ArraySlice<UInt8>, _ start: Int) -> Int {
    var column = start
    while column < line.endIndex {
      let byte = line[column]
      let next = column + 1 < line.endIndex ? line[column + 1] : 0x20
      if byte == UInt8(ascii: ":") && next.isYAMLSpace { return column }
      if byte == UInt8(ascii: "#") && column > start && line[column - 1].isYAMLSpace { return column }
      if flow > 0 && (byte.isFlowIndicator || byte == UInt8(ascii: ":") && next.isFlowIndicator) {
        return max(column, start + (column == start ? 1 : 0))
      }
      column += 1
    }
    return column
  }

  private mutating func skipQuoted(_ line: ArraySlice<UInt8>, _ start: Int) -> Int {
    var column = start
    while column < line.endIndex {
      if quote == UInt8(ascii: "\"") && line[column] == UInt8(ascii: "\\") {
        column += 2
        continue
      }
      if line[column] == quote {
        // Two single quotes are one quote inside the text: closing and opening again comes to the same.
        quote = 0
        return column + 1
      }
      column += 1
    }
    return line.endIndex
  }

  private mutating func blockScalar(_ line: ArraySlice<UInt8>, _ column: Int) -> Int {
    let header = line[(column + 1)...].prefix { $0 != UInt8(ascii: "#") }
    let isHeader = header.allSatisfy { $0.isYAMLSpace || $0 == 0x2B || $0 == 0x2D || (0x31...0x39).contains($0) }
    if isHeader { blockScalarParent = indents.last ?? -1 }
    return line.endIndex
  }

  private func endOfName(_ line: ArraySlice<UInt8>, _ start: Int) -> Int {
    line[start...].firstIndex { $0.isYAMLSpace || $0.isFlowIndicator } ?? line.endIndex
  }

  private mutating func pop(to indent: Int) {
    while let last = indents.last, last >= indent { indents.removeLast() }
  }

  private mutating func push(_ indent: Int, _ line: Int) {
    if let last = indents.last, last >= indent { return }
    indents.append(indent)
    note(line)
  }

  private mutating func note(_ line: Int) {
    guard indents.count + flow > depth else { return }
    depth = indents.count + flow
    depthLine = line
  }
}

extension UInt8 {
  fileprivate var isFlowIndicator: Bool {
    self == 0x2C || self == 0x5B || self == 0x5D || self == 0x7B || self == 0x7D
  }
}
