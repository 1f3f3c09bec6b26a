import Diagnostics

/// Collects what is wrong within one document; everything read from it shares one log.
final class ObjectLog {
  let file: String
  let lineOffset: Int
  /// The object being read, for findings; empty until its name is known.
  var resource = ""
  private(set) var findings: [Finding] = []

  init(file: String, lineOffset: Int) {
    self.file = file
    self.lineOffset = lineOffset
  }

  func location(line: Int?) -> SourceLocation {
    SourceLocation(file: file, line: (line ?? 1) + lineOffset)
  }

  func add(_ code: IntakeCode, _ severity: Severity, _ message: String, fix: String, at location: SourceLocation) {
    findings.append(code.finding(severity, message, fix: fix, resource: resource, at: location))
  }
}

/// Where in an object a field stands, such as `spec.containers[0].image`; written out only for a finding.
indirect enum FieldPath: CustomStringConvertible {
  case root
  case key(FieldPath, String)
  case index(FieldPath, Int)

  var description: String {
    switch self {
    case .root: ""
    case .key(.root, let key): key
    case .key(let parent, let key): "\(parent).\(key)"
    case .index(let parent, let index): "\(parent)[\(index)]"
    }
  }
}
