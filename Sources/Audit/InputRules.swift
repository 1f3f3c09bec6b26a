import Diagnostics
import FleetModel

/// What reading the input found, as findings of the audit.
struct InputRules {
  private let options: AuditOptions

  init(_ options: AuditOptions) { self.options = options }

  func findings(_ input: [Finding]) -> [AuditFinding] {
    var rules: [String: AuditRule] = [:]
    var result: [AuditFinding] = []
    for finding in input where options.wants(finding.code) {
      let rule = rules[finding.code] ?? RuleBook.rule(finding.code) ?? Self.rule(finding)
      rules[finding.code] = rule
      result.append(
        AuditFinding(
          rule, severity: finding.severity, resource: Self.reference(finding), message: finding.message,
          fix: finding.fix, location: finding.location, place: finding.message))
    }
    result.sort(by: AuditFinding.precedes)
    result.numberAlike()
    return result
  }

  private static func rule(_ finding: Finding) -> AuditRule {
    AuditRule(
      code: finding.code, title: finding.title, severity: finding.severity, kind: .input,
      explanation: "The input has it: \(finding.title.prefix(1).lowercased())\(finding.title.dropFirst()).",
      mitigation: "See the message of each finding.")
  }

  /// `name[Namespace]`, `namespace/name[Kind]`, or the file when no object is meant.
  private static func reference(_ finding: Finding) -> ObjectReference {
    if let id = ObjectReference(parsing: finding.resource) { return id }
    if finding.resource.hasSuffix("[Namespace]") {
      return ObjectReference(kind: "Namespace", namespace: "", name: String(finding.resource.dropLast(11)))
    }
    let name = finding.resource.isEmpty ? finding.location?.file ?? "" : finding.resource
    return ObjectReference(kind: "File", namespace: "", name: name)
  }
}
