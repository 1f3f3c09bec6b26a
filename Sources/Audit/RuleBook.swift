import Breach
import Diagnostics
import FleetModel
import Intake
import MeshTraps
import PodSecurity

/// Every rule that has a code of its own before any input is read.
package enum RuleBook {
  /// Vectors, traps, controls of the Pod Security Standards, the audit's own rules, and those about manifests and
  /// reports, in that order.
  package static let all: [AuditRule] = make()
  static let vectors: [String: AuditRule] = table(.vector)
  static let traps: [String: AuditRule] = table(.trap)
  private static let byCode: [String: AuditRule] = Dictionary(
    all.map { ($0.code.lowercased(), $0) }
  ) { first, _ in first }

  /// A rule by its code, whatever the case: `l17`, `hostnamespaces`.
  package static func rule(_ code: String) -> AuditRule? { byCode[code.lowercased()] }

  private static func table(_ kind: AuditRule.Kind) -> [String: AuditRule] {
    Dictionary(all.filter { $0.kind == kind }.map { ($0.code, $0) }) { first, _ in first }
  }

  private static func make() -> [AuditRule] {
    var rules: [AuditRule] = []
    for vector in VectorCatalogue.all {
      rules.append(
        AuditRule(
          code: vector.code, title: vector.title, severity: vector.severity, kind: .vector,
          explanation: vector.explanation, mitigation: vector.mitigation, attack: vector.attack,
          references: vector.references, example: vector.example, order: rules.count))
    }
    for trap in TrapCatalogue.all {
      rules.append(
        AuditRule(
          code: trap.code, title: trap.title, severity: trap.severity, kind: .trap, explanation: trap.why,
          mitigation: trap.cure, references: trap.references, example: trap.example, order: rules.count))
    }
    for control in PodSecurityControl.all {
      rules.append(
        AuditRule(
          code: control.id, title: control.title, severity: control.level == .baseline ? .high : .medium,
          kind: .control, explanation: control.rationale,
          mitigation: "Meet the \(control.level.rawValue) level: docs/audit.md tells how each control is judged.",
          references: ["https://kubernetes.io/docs/concepts/security/pod-security-standards/"], order: rules.count))
    }
    for own in OwnRule.allCases { rules.append(own.rule(order: rules.count)) }
    addInputRules(&rules)
    return rules
  }

  /// What reading manifests and reports of vulnerabilities finds. The severity is the usual one.
  private static func addInputRules(_ rules: inout [AuditRule]) {
    for code in IntakeCode.allCases {
      rules.append(
        AuditRule(
          code: code.rawValue, title: code.title, severity: code.severity, kind: .input, explanation: code.explanation,
          mitigation: "See the fix of each finding.", order: rules.count))
    }
    for code in VulnerabilityCode.allCases {
      let fix = code.fix.prefix(1).uppercased() + code.fix.dropFirst() + "."
      rules.append(
        AuditRule(
          code: code.rawValue, title: code.title, severity: code.severity, kind: .input, explanation: code.explanation,
          mitigation: fix, order: rules.count))
    }
  }
}

/// Rules of the audit itself.
package enum OwnRule: String, CaseIterable, Sendable {
  case refusedByNamespace = "BH-POD-SECURITY-001"
  case unreadableLabel = "BH-POD-SECURITY-002"
  case expiredException = "BH-EXCEPTION-001"
  case idleException = "BH-EXCEPTION-002"

  private static let rules: [OwnRule: AuditRule] = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { own in RuleBook.rule(own.rawValue).map { (own, $0) } })

  /// The one instance in the rule book.
  var rule: AuditRule { Self.rules[self] ?? rule(order: .max) }

  fileprivate func rule(order: Int) -> AuditRule {
    AuditRule(
      code: rawValue, title: words.title, severity: words.severity, kind: .input, explanation: words.why,
      mitigation: words.cure, order: order)
  }

  private var words: (title: String, severity: Severity, why: String, cure: String) {
    switch self {
    case .refusedByNamespace:
      (
        "Refused by its namespace", .high,
        "The namespace enforces a level of the Pod Security Standards that the pods do not reach: the workload is "
          + "accepted and stays without pods.",
        "Bring the pods to the level, or the workload to another namespace."
      )
    case .unreadableLabel:
      (
        "A Pod Security label that means nothing", .low,
        "The admission controller takes another level or version than the one that was meant.",
        "Write privileged, baseline or restricted, and latest or v1.29, say."
      )
    case .expiredException:
      (
        "Exception past its date", .high,
        "Somebody decided to bear a risk until a day that is over. The exception no longer hides anything.",
        "Fix what it hides, or decide anew: owner, reason and a new date."
      )
    case .idleException:
      (
        "Exception that matches nothing", .low,
        "It hides nothing today, and would silently hide what somebody adds tomorrow.",
        "Delete it, or correct its code and resource."
      )
    }
  }
}
