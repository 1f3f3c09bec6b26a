import Diagnostics
import Testing

@testable import Intake

/// One node of a tree, flattened.
struct NodeShape: Equatable, CustomStringConvertible {
  var depth: Int
  var kind: DocumentTree.Kind
  var style: DocumentTree.Style
  var line: UInt32
  var text: [UInt8]

  var description: String { "\(depth) \(kind) \(style) line \(line) '\(String(decoding: text, as: UTF8.self))'" }

  static func all(_ tree: DocumentTree) -> [NodeShape] {
    var result: [NodeShape] = []
    func walk(_ index: Int, _ depth: Int) {
      let index = tree.resolved(index)
      let node = tree.nodes[index]
      result.append(
        NodeShape(
          depth: depth, kind: node.kind, style: node.style, line: node.line, text: Array(tree.text(index).utf8)))
      if node.kind != .scalar { tree.forEachChild(of: index) { walk($0, depth + 1) } }
    }
    walk(0, 0)
    return result
  }
}

/// How often the scanner read and how often it declined; whatever it read, Yams reads in the same way.
struct ScannerAgainstYams {
  private(set) var read = 0
  private(set) var declined = 0
  /// Declined, though Yams can read it.
  private(set) var declinedReadable = 0

  /// Compares all documents of an input.
  ///
  /// - Returns: what differs; nil when nothing does.
  mutating func difference(_ bytes: [UInt8], countReadable: Bool = false) -> String? {
    guard TextCheck.problem(in: bytes) == nil else { return nil }
    for raw in DocumentSplitter.split(bytes) {
      guard let tree = ManifestScanner.tree(of: raw) else {
        declined += 1
        if countReadable, (try? ComposedDocument(checked: raw)) != nil { declinedReadable += 1 }
        continue
      }
      read += 1
      let text = String(decoding: raw.bytes, as: UTF8.self)
      do throws(ComposedDocument.Problem) {
        // `Preflight` estimates, and refuses a few odd texts that Yams reads.
        let wanted = NodeShape.all(try ComposedDocument(checked: raw).tree)
        let found = NodeShape.all(tree)
        if wanted == found { continue }
        let (left, right) = zip(wanted, found).first { $0 != $1 } ?? (wanted[wanted.count - 1], found[found.count - 1])
        return "Yams: \(left); scanner: \(right) (\(wanted.count), \(found.count) nodes) in:\n\(text)"
      } catch {
        return "Yams: \(error.message) (line \(error.line)); the scanner reads it:\n\(text)"
      }
    }
    return nil
  }
}
