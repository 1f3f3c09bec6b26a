import Audit
import Diagnostics
import FleetModel

extension AuditFinding {
  /// The file to point at, from the root of the repository; what comes from no file gets a made-up one by its name.
  var artifact: String {
    guard let file = location?.file, !file.isEmpty else {
      let home = resource.namespace.isEmpty ? "cluster" : resource.namespace
      return "k8s/\(home.pathSegment)/\(resource.kind.lowercased().pathSegment)/\(resource.name.pathSegment).yaml"
    }
    if file == "-" { return "stdin.yaml" }
    var path = file[...]
    while path.hasPrefix("./") { path = path.dropFirst(2) }
    return String(path)
  }

  /// From 1; a place without a line is its file's beginning.
  var line: Int { max(1, location?.line ?? 1) }

  /// Message and fix as one text of several lines.
  var messageWithFix: String { fix.isEmpty ? message : "\(message)\nFix:\n\(fix)" }
}

extension String {
  /// A name in a path: no slash leads out of its folder.
  fileprivate var pathSegment: String { self == "." || self == ".." ? "_" : String(map { $0 == "/" ? "_" : $0 }) }
}
