import Diagnostics
import Intake
import Yams

/// A document that a person wrote for Bulkhead: one YAML document of one kind, with every complaint at its line.
struct ResourceText {
  let file: String
  let kind: String
  /// Where to read about it.
  let help: String

  static let apiVersion = "bulkhead.dev/v1alpha1"

  /// - Throws: `BulkheadError(.badInput)` with file and line.
  func root(_ bytes: [UInt8], limit: Int) throws(BulkheadError) -> ResourceNode {
    guard bytes.count <= limit else { throw problem("it has more than \(limit) bytes", at: 0) }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw problem("it is not UTF-8", at: 0) }
    try preflight(bytes)
    let documents: [Yams.Node]
    do {
      let sequence = try Yams.compose_all(yaml: String(decoding: bytes, as: UTF8.self))
      documents = Array(sequence).filter { $0.null == nil }
      if let error = sequence.error { throw error }
    } catch {
      throw problem("it is not YAML", at: 0)
    }
    guard documents.count == 1, let document = documents.first else {
      throw problem(
        "it has \(documents.count) documents; one is wanted", at: documents.dropFirst().first?.mark?.line ?? 0)
    }
    let root = ResourceNode(text: self, node: document, path: "")
    guard document["kind"]?.string == kind else { throw root.problem("it needs 'kind: \(kind)'") }
    guard document["apiVersion"]?.string == Self.apiVersion else {
      throw root.problem("it needs 'apiVersion: \(Self.apiVersion)'")
    }
    return root
  }

  /// Intake's limits of nesting and aliases hold here too.
  private func preflight(_ bytes: [UInt8]) throws(BulkheadError) {
    do {
      let read = try Intake().read([InputSource(name: file, bytes: bytes)])
      let fatal: Set<String> = ["BH-INTAKE-001", "BH-INTAKE-002", "BH-INTAKE-003"]
      guard let bad = read.findings.first(where: { fatal.contains($0.code) }) else { return }
      throw problem(bad.message, at: bad.location?.line ?? 0)
    } catch let error as BulkheadError {
      var own = error
      own.cure = help
      throw own
    } catch {
      throw problem("it is not YAML", at: 0)
    }
  }

  func problem(_ message: String, at line: Int) -> BulkheadError {
    BulkheadError(
      .badInput, message.safeForTerminal, cure: help, location: SourceLocation(file: file.safeForTerminal, line: line))
  }
}

/// A node of such a document.
struct ResourceNode {
  let text: ResourceText
  let node: Yams.Node
  /// `spec.waves.capacity`
  let path: String

  var line: Int { node.mark?.line ?? 0 }
  var location: SourceLocation { SourceLocation(file: text.file, line: line) }
  private var title: String { path.isEmpty ? "the document" : "'\(path)'" }

  func problem(_ message: String) -> BulkheadError { text.problem(message, at: line) }

  /// A mapping with no other keys than these.
  func fields(_ known: [String]) throws(BulkheadError) -> ResourceNode {
    guard let mapping = node.mapping else { throw problem("\(title) has to be a mapping") }
    for key in mapping.keys where !known.contains(key.string ?? "") {
      throw text.problem(
        "'\((key.string ?? "?").prefix(60))' is no field of \(title); there are \(known.joined(separator: ", "))",
        at: key.mark?.line ?? line)
    }
    return self
  }

  subscript(field: String) -> ResourceNode? {
    guard let value = node.mapping?.first(where: { $0.key.string == field })?.value else { return nil }
    if value.tag == .implicit, value.null != nil { return nil }
    return ResourceNode(text: text, node: value, path: path.isEmpty ? field : "\(path).\(field)")
  }

  func required(_ field: String) throws(BulkheadError) -> ResourceNode {
    guard let value = self[field] else { throw problem("\(title) needs '\(field)'") }
    return value
  }

  func elements(limit: Int = 5_000) throws(BulkheadError) -> [ResourceNode] {
    guard let sequence = node.sequence else { throw problem("\(title) has to be a list") }
    guard sequence.count <= limit else { throw problem("\(title) has more than \(limit) entries") }
    return sequence.enumerated().map { ResourceNode(text: text, node: $1, path: "\(path)[\($0)]") }
  }

  func entries(limit: Int) throws(BulkheadError) -> [(key: String, value: ResourceNode)] {
    guard let mapping = node.mapping else { throw problem("\(title) has to be a mapping") }
    guard mapping.count <= limit else { throw problem("\(title) has more than \(limit) entries") }
    return mapping.map { key, value in
      (key.string ?? "", ResourceNode(text: text, node: value, path: "\(path).\(key.string ?? "?")"))
    }
  }

  func string(longest: Int = 2_000) throws(BulkheadError) -> String {
    guard let value = node.scalar?.string, node.null == nil || node.scalar?.style != .plain else {
      throw problem("\(title) has to be a text")
    }
    guard value.utf8.count <= longest else { throw problem("\(title) has more than \(longest) bytes") }
    return value
  }

  func filled() throws(BulkheadError) -> String {
    let value = try string()
    guard value.contains(where: { !$0.isWhitespace }) else { throw problem("\(title) is empty") }
    return value
  }

  func whole(_ range: ClosedRange<Int>) throws(BulkheadError) -> Int {
    guard let value = (node.scalar?.string).flatMap({ Int($0) }), range.contains(value) else {
      throw problem("\(title) has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func number(_ range: ClosedRange<Double>) throws(BulkheadError) -> Double {
    guard let value = (node.scalar?.string).flatMap({ Double($0) }), range.contains(value) else {
      throw problem("\(title) has to be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func time() throws(BulkheadError) -> Instant {
    let value = try string()
    guard let time = Instant(value) else {
      throw problem("\(title) is '\(value.prefix(40))'; write a time such as 2026-03-01T08:00:00Z")
    }
    return time
  }

  /// A number with one of the units; the unit's factor is applied.
  func amount(_ units: [(String, Double)], example: String) throws(BulkheadError) -> Double {
    let value = try string()
    for (unit, factor) in units where value.hasSuffix(unit) {
      if let number = Double(value.dropLast(unit.count)), number >= 0, number <= 1e9 { return number * factor }
    }
    throw problem("\(title) is '\(value.prefix(40))'; write \(example)")
  }

  func choice<Value: RawRepresentable<String> & CaseIterable>(_ type: Value.Type) throws(BulkheadError) -> Value {
    let value = try string()
    guard let found = Value(rawValue: value) else {
      let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw problem("\(title) is '\(value.prefix(40))'; there are \(all)")
    }
    return found
  }
}
