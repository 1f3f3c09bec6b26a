import Diagnostics
import Yams

/// A document that is within the limits, as Yams understands it.
struct ComposedDocument {
  let tree: DocumentTree

  struct Problem: Error {
    var code: IntakeCode
    var line: Int
    var message: String
    var fix: String
  }

  /// Composes one document.
  ///
  /// Never Yams' `load` or `any`: they expand aliases exponentially. The nodes of an alias are shared, so composing is
  /// cheap; how many there would be is counted before anything walks the tree.
  init(_ document: RawDocument) throws(Problem) {
    try Self.check(document)
    try self.init(checked: document)
  }

  /// - Parameter document: known to be cheap enough to compose.
  init(checked document: RawDocument) throws(Problem) {
    let text = String(decoding: document.bytes, as: UTF8.self)
    let parser: Parser
    let root: Node
    do {
      parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      guard let node = try parser.nextRoot() else {
        throw Problem(code: .empty, line: document.line, message: "the document is empty", fix: "remove it")
      }
      root = node
      guard try parser.nextRoot() == nil else {
        throw Problem(
          code: .syntax, line: document.line, message: "a second document begins without a line '---'",
          fix: "put a line '---' between the documents")
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Self.syntax(error, document)
    }
    var counter = NodeCounter()
    // Anchors are weak in the nodes; the parser owns them while they are counted.
    let measured = withExtendedLifetime(parser) { counter.measure(root, depth: 1) }
    guard measured.nodes <= IntakeLimits.nodes else { throw Self.tooMany(document.line) }
    guard measured.depth <= IntakeLimits.nesting else { throw Self.tooDeep(document.line) }
    tree = withExtendedLifetime(parser) { DocumentTree(root) }
  }

  private static func check(_ document: RawDocument) throws(Problem) {
    guard document.bytes.count <= IntakeLimits.documentBytes else {
      throw Problem(
        code: .limit, line: document.line,
        message: "the document has \(document.bytes.count) bytes; at most \(IntakeLimits.documentBytes) are read",
        fix: "split it by lines '---'")
    }
    let preflight = Preflight(document)
    if preflight.depth > IntakeLimits.nesting { throw tooDeep(preflight.depthLine) }
    if preflight.nodes > IntakeLimits.nodes { throw tooMany(document.line) }
    guard preflight.aliases > 0 && preflight.anchors > 0 else { return }
    if preflight.complexKeys {
      throw Problem(
        code: .syntax, line: document.line, message: "a mapping key is an alias or a collection",
        fix: "write keys as plain text: Kubernetes knows no others")
    }
    if min(preflight.aliases, preflight.anchors) * max(1, preflight.depth) > IntakeLimits.aliasDepth {
      throw Problem(
        code: .limit, line: document.line,
        message: "the document has \(preflight.anchors) anchors and \(preflight.aliases) aliases: too many to expand",
        fix: "render it without aliases")
    }
  }

  private static func tooMany(_ line: Int) -> Problem {
    Problem(
      code: .limit, line: line,
      message: "the document has more than \(IntakeLimits.nodes) nodes once its aliases are expanded",
      fix: "split it, or write it without aliases")
  }

  private static func tooDeep(_ line: Int) -> Problem {
    Problem(
      code: .limit, line: line, message: "the document is nested deeper than \(IntakeLimits.nesting) levels",
      fix: "no Kubernetes object is nested so deeply: look at the line")
  }

  private static func syntax(_ error: any Error, _ document: RawDocument) -> Problem {
    let offset = document.line - 1
    let fix = "correct the document at that line"
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let begun = context.map { ", \($0.text.trimmed) that began on line \($0.mark.line + offset)" } ?? ""
      return Problem(code: .syntax, line: mark.line + offset, message: problem.trimmed + begun, fix: fix)
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "'\($0)'" }.joined(separator: ", ")
      return Problem(
        code: .syntax, line: context.mark.line + offset, message: "the key \(names) stands twice in one mapping",
        fix: "keep one of them")
    case .reader(let problem, _, _, _):
      return Problem(code: .syntax, line: document.line, message: problem, fix: fix)
    default:
      return Problem(code: .syntax, line: document.line, message: "the document cannot be parsed", fix: fix)
    }
  }
}

/// Counts a tree's nodes and depth as if every alias were expanded, each anchor once.
private struct NodeCounter {
  struct Measure {
    var nodes = 1
    var depth = 1
  }
  private var known: [ObjectIdentifier: Measure] = [:]

  mutating func measure(_ node: Node, depth: Int) -> Measure {
    let anchor = node.anchor.map { ObjectIdentifier($0) }
    if let anchor, let measure = known[anchor] { return measure }
    var result = Measure()
    // Deeper than any document may be: enough is known, and the stack is spared.
    guard depth <= IntakeLimits.nesting + 1 else { return result }
    switch node {
    case .scalar, .alias: break
    case .sequence(let sequence):
      for index in sequence.indices { result.add(measure(sequence[index], depth: depth + 1)) }
    case .mapping(let mapping):
      for index in mapping.indices {
        result.add(measure(mapping[index].key, depth: depth + 1))
        result.add(measure(mapping[index].value, depth: depth + 1))
      }
    }
    if let anchor { known[anchor] = result }
    return result
  }
}

extension NodeCounter.Measure {
  fileprivate mutating func add(_ part: NodeCounter.Measure) {
    // Saturates: an alias bomb overflows any integer.
    nodes = nodes.addingReportingOverflow(part.nodes).overflow ? Int.max : nodes + part.nodes
    depth = max(depth, part.depth + 1)
  }
}

extension String {
  var trimmed: String {
    var text = Substring(self)
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
