import FleetModel

@testable import Intake

/// Documents as values, through the reader that reads manifests.
enum DocumentReader {
  static func values(_ text: String) throws -> [DocumentValue] {
    try DocumentSplitter.split(Array(text.utf8)).map { raw in
      let document = try ParsedDocument(raw)
      return document.tree.nodes.isEmpty ? .null : document.tree.value(at: 0)
    }
  }
}
