import Diagnostics

/// A secret that shows itself in one header and nowhere else.
package struct BearerToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let secret: String

  /// - Throws: `BulkheadError(.configuration)` for a token that no header can carry. The message does not hold it.
  package init(_ text: String) throws {
    var bytes = Array(text.utf8)
    // Files of tokens often end with a line break.
    while let last = bytes.last, [0x0A, 0x0D, 0x20].contains(last) { bytes.removeLast() }
    guard !bytes.isEmpty, bytes.count <= 16_384, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw BulkheadError(
        .configuration, "the bearer token is empty, too long, or has blanks or line breaks",
        cure: "give the token alone")
    }
    secret = String(decoding: bytes, as: UTF8.self)
  }

  var header: String { "Bearer \(secret)" }
  package var description: String { "(a token)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
