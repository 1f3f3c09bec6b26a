/// A document's tree, and where in its file the document stands.
struct ParsedDocument {
  let tree: DocumentTree
  /// Added to a node's line within the document.
  let lineOffset: Int

  /// Parses one document. Yams has the last word: it reads, and reports, all that the scanner declines.
  init(_ document: RawDocument) throws(ComposedDocument.Problem) {
    lineOffset = document.line - 1
    tree =
      if let scanned = ManifestScanner.tree(of: document) { scanned } else { try ComposedDocument(document).tree }
  }
}
