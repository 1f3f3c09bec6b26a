import Diagnostics
import FleetModel

/// One field of an object with typed access. A value of the wrong type is a finding that names path and line, and the
/// field counts as not written; nothing is thrown, so that the rest of the object still counts.
struct Field {
  private let document: DocumentContext
  /// The node in the tree; never an alias.
  private let index: Int
  /// The way here where the tree alone does not tell it.
  private let trail: FieldPath?

  private var tree: DocumentTree { document.tree }
  var log: ObjectLog { document.log }
  private var line: Int { Int(tree.nodes[index].line) }

  /// The root of a document.
  init(_ document: ParsedDocument, file: String) {
    self.document = DocumentContext(
      tree: document.tree, log: ObjectLog(file: file, lineOffset: document.lineOffset))
    index = 0
    trail = document.tree.isShared ? .root : nil
  }

  /// The root of a cluster's object, which has a place and no lines.
  init(_ tree: DocumentTree, of place: String) {
    document = DocumentContext(tree: tree, log: ObjectLog(file: place, lineOffset: 0))
    index = 0
    trail = nil
  }

  private init(_ document: DocumentContext, _ index: Int, _ trail: FieldPath?) {
    self.document = document
    self.index = document.tree.resolved(index)
    self.trail = trail
  }

  var path: FieldPath { trail ?? tree.path(to: index) }

  var location: SourceLocation { log.location(line: line) }

  /// Where the text of a scalar begins: below its header for a block scalar.
  var textLocation: SourceLocation {
    let node = tree.nodes[index]
    let isBlock = node.kind == .scalar && (node.style == .literal || node.style == .folded)
    return log.location(line: isBlock ? line + 1 : line)
  }

  var isNull: Bool { tree.isNull(index) }
  var isMapping: Bool { tree.nodes[index].kind == .mapping }
  var isList: Bool { tree.nodes[index].kind == .sequence }

  /// The value of a key; nil when it is absent or null. Explicit keys win over merged ones (`<<`).
  subscript(key: String) -> Field? {
    guard isMapping else {
      wrongType("a mapping")
      return nil
    }
    var name = key
    guard let value = name.withUTF8({ tree.value(of: $0, in: index) }), !tree.isNull(tree.resolved(value)) else {
      return nil
    }
    return Field(document, value, trail.map { .key($0, key) })
  }

  /// The elements of a list; a null element counts as not there.
  var elements: [Field] {
    guard isList else {
      wrongType("a list")
      return []
    }
    var result: [Field] = []
    var position = 0
    tree.forEachChild(of: index) { child in
      let field = Field(document, child, trail.map { .index($0, position) })
      if !field.isNull { result.append(field) }
      position += 1
    }
    return result
  }

  /// The entries of a mapping in the order written, merged ones after explicit ones.
  var entries: [(key: String, value: Field)] {
    guard isMapping else {
      wrongType("a mapping")
      return []
    }
    return tree.entries(of: index).map { entry in
      (entry.key, Field(document, entry.value, trail.map { .key($0, entry.key) }))
    }
  }

  var scalar: ScalarValue? { tree.scalar(index) }

  /// The text as written, whatever its type.
  var rawText: String? { tree.nodes[index].kind == .scalar ? tree.text(index) : nil }

  /// All of it, as Kubernetes resolves it.
  var value: DocumentValue { tree.value(at: index) }

  /// Writes down something wrong with this field.
  func problem(_ message: String, fix: String, code: IntakeCode = .wrongValue) {
    log.add(code, .medium, "\(path): \(message)", fix: fix, at: location)
  }

  func wrongType(_ wanted: String) {
    let found =
      switch tree.nodes[index].kind {
      case .mapping: "a mapping"
      case .sequence: "a list"
      case .scalar: scalar?.article ?? "nothing"
      case .alias: "an alias"
      }
    let place = "\(path)"
    log.add(
      .wrongValue, .medium, "\(place.isEmpty ? "the document" : place): \(wanted) is wanted here, found \(found)",
      fix: "correct the type; until then the field counts as not written", at: location)
  }
}

/// What all fields of a document share.
private final class DocumentContext {
  let tree: DocumentTree
  let log: ObjectLog

  init(tree: DocumentTree, log: ObjectLog) {
    self.tree = tree
    self.log = log
  }
}
