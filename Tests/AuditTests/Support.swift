import Audit
import Diagnostics
import Intake

enum Support {
  static func read(_ yaml: String, name: String = "in.yaml") throws -> IntakeResult {
    try Intake().read([InputSource(name: name, bytes: Array(yaml.utf8))])
  }

  static func audit(_ yaml: String, _ change: (inout AuditOptions) -> Void = { _ in }) throws -> AuditResult {
    var options = AuditOptions()
    change(&options)
    let read = try read(yaml)
    return AuditRun.run(read.fleet, options, input: read.findings)
  }

  static func deployment(_ name: String, pod: String = "", container: String = "") -> String {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: \(name), namespace: shop}
    spec:
      selector: {matchLabels: {app: \(name)}}
      template:
        metadata: {labels: {app: \(name)}}
        spec:
    \(indented(pod, 6))
          containers:
          - name: main
            image: example.com/\(name):1
    \(indented(container, 8))
    ---

    """
  }

  static func indented(_ text: String, _ columns: Int) -> String {
    text.split(separator: "\n").map { String(repeating: " ", count: columns) + $0 }.joined(separator: "\n")
  }

  static func exception(
    _ code: String, _ resource: String, container: String? = nil, expires: String = "2030-01-01"
  ) -> AuditException {
    AuditException(
      code: code, resource: resource, container: container, owner: "team-a", reason: "a reason",
      expires: CivilDate(expires)!, location: SourceLocation(file: "exceptions.yaml", line: 5))
  }

  static let privileged = "securityContext:\n  privileged: true"
}
