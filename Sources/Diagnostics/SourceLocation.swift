/// Where something came from: a file and a line (from 1), or a cluster object when `line` is 0.
package struct SourceLocation: Hashable, Codable, Sendable, Comparable, CustomStringConvertible {
  package var file: String
  package var line: Int

  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  package var description: String { line > 0 ? "\(file):\(line)" : file }

  package static func < (left: SourceLocation, right: SourceLocation) -> Bool {
    (left.file, left.line) < (right.file, right.line)
  }
}
