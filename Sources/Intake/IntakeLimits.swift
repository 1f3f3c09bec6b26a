/// What an input may cost. Beyond a limit there is one clear finding, before the costly work is begun.
package enum IntakeLimits {
  /// One document, in bytes.
  package static let documentBytes = 10_000_000
  /// One file, in bytes; a file may hold many documents.
  package static let fileBytes = 64_000_000
  /// All files together, in bytes.
  package static let totalBytes = 128_000_000
  /// Documents in one file.
  package static let documents = 200_000
  /// Files below the folders named.
  package static let files = 20_000
  package static let nesting = 128
  /// Nodes of one document with all its aliases expanded.
  package static let nodes = 1_000_000
  /// Aliases in use times nesting: bounds how deep a chain of aliases can nest, and so the stack that freeing it takes.
  package static let aliasDepth = 4_096
}
