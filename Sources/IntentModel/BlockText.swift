package import FleetModel

/// Simple lines of the YAML that control planes keep inside ConfigMaps: block mappings of scalars, and label selectors.
/// Anything cleverer (flow mappings, anchors, block scalars) is passed over, so that what it says counts as not said.
package enum BlockText {
  private struct Line {
    var indent: Int
    var isItem: Bool
    var key: String
    var value: String
  }

  /// Scalars by dotted path, such as `outboundTrafficPolicy.mode`; the first of equal paths counts.
  package static func scalars(_ text: String) -> [String: String] {
    var result: [String: String] = [:]
    var path: [(indent: Int, key: String)] = []
    for line in lines(text) {
      while let last = path.last, last.indent >= line.indent { path.removeLast() }
      if line.isItem { continue }
      path.append((line.indent, line.key))
      // Deeper than this no control plane's settings go; hostile text must not cost the square of its length.
      if path.count > 16 { path.removeFirst() }
      guard !line.value.isEmpty else { continue }
      let name = path.map(\.key).joined(separator: ".")
      if result[name] == nil { result[name] = line.value }
    }
    return result
  }

  /// The label selectors listed under a top-level key. One that cannot be read is left out.
  package static func selectors(_ text: String, below key: String) -> [LabelSelector] {
    let all = lines(text)
    guard let head = all.firstIndex(where: { $0.key == key && !$0.isItem }) else { return [] }
    var selectors: [[LabelSelector.Requirement]] = []
    var inLabels = false
    var labelIndent = 0
    var expression = LabelSelector.Requirement(key: "", operation: .exists)
    func flush() {
      if !expression.key.isEmpty, !selectors.isEmpty { selectors[selectors.count - 1].append(expression) }
      expression = LabelSelector.Requirement(key: "", operation: .exists)
    }
    for line in all[(head + 1)...] {
      if line.indent <= all[head].indent && !line.isItem { break }
      switch line.key {
      case "matchLabels", "matchExpressions":
        flush()
        if line.isItem { selectors.append([]) }
        inLabels = line.key == "matchLabels"
        labelIndent = line.indent
      case "key" where !inLabels:
        flush()
        expression.key = line.value
      case "operator" where !inLabels:
        expression.operation = LabelSelector.Operation(rawValue: line.value) ?? .exists
      case "values" where !inLabels:
        let inner = line.value.drop { $0 == "[" }.prefix { $0 != "]" }
        expression.values = inner.split(separator: ",").map { unquoted($0) }
      default:
        if inLabels, line.indent > labelIndent, !selectors.isEmpty {
          selectors[selectors.count - 1].append(
            LabelSelector.Requirement(key: line.key, operation: .isIn, values: [line.value]))
        }
      }
    }
    flush()
    return selectors.filter { !$0.isEmpty }.map(LabelSelector.init)
  }

  private static func lines(_ text: String) -> [Line] {
    text.split(whereSeparator: \.isNewline).compactMap { raw in
      var rest = raw.drop { $0 == " " }
      let indent = raw.count - rest.count
      let isItem = rest.hasPrefix("- ")
      if isItem { rest = rest.dropFirst(2).drop { $0 == " " } }
      guard rest.first != "#", let colon = rest.firstIndex(of: ":") else { return nil }
      let after = rest[rest.index(after: colon)...]
      guard after.isEmpty || after.first == " " else { return nil }
      let comment = after.firstRange(of: " #")?.lowerBound ?? after.endIndex
      return Line(
        indent: indent, isItem: isItem, key: unquoted(rest[..<colon]), value: unquoted(after[..<comment]))
    }
  }

  private static func unquoted(_ text: Substring) -> String {
    let trimmed = text.drop { $0 == " " || $0 == "\r" }
    var end = trimmed.endIndex
    while end > trimmed.startIndex, " \r".contains(trimmed[trimmed.index(before: end)]) {
      end = trimmed.index(before: end)
    }
    let body = trimmed[..<end]
    guard let quote = body.first, quote == "\"" || quote == "'", body.count >= 2, body.last == quote else {
      return String(body)
    }
    return String(body.dropFirst().dropLast())
  }
}
