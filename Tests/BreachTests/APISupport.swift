import AccessControl
import Breach
import Diagnostics
import FleetModel
import Intake
import Testing

/// Runs the rules of the API's vectors over manifests.
enum APIFixture {
  enum Verdict: String, Sendable { case open, closed, unknown }

  static func context(_ yaml: String, facts: NodeFacts = NodeFacts()) throws -> AuditContext {
    let source = InputSource(name: "test.yaml", bytes: Array(yaml.utf8))
    let result = try Intake().read([source])
    let bad = result.findings.filter { $0.severity >= .high }
    #expect(bad.isEmpty, "\(bad.map(\.message))")
    return AuditContext(result.fleet, nodeFacts: facts)
  }

  /// Every assessment of a vector over a fleet, with whom it is about.
  static func assessments(_ code: String, _ context: AuditContext) throws -> [(who: String, assessment: Assessment)] {
    let vector = try #require(VectorCatalogue.vector(code))
    switch vector.rule {
    case .pod(let rule):
      return context.fleet.workloads.map { ($0.id.description, rule(context.effectivePod($0), context)) }
    case .subject(let rule):
      return context.access.subjects.map { ($0.displayName, rule(context.rights(of: $0), context)) }
    case .fleet(let rule): return rule(context).map { ($0.resource.description, $0.assessment) }
    }
  }

  /// Open where any is open, otherwise unknown where any is unknown.
  static func verdict(_ code: String, _ context: AuditContext) throws -> Verdict {
    let all = try assessments(code, context).map { verdict($0.assessment) }
    return all.contains(.open) ? .open : all.contains(.unknown) ? .unknown : .closed
  }

  static func verdict(_ assessment: Assessment) -> Verdict {
    switch assessment {
    case .open: .open
    case .closed: .closed
    case .unknown: .unknown
    }
  }

  static func messages(_ code: String, _ context: AuditContext) throws -> [String] {
    try assessments(code, context).flatMap { entry -> [String] in
      switch entry.assessment {
      case .open(let evidence): evidence.map(\.message)
      case .unknown(let reason): [reason]
      case .closed: []
      }
    }
  }

  /// A role bound to service account shop/deployer.
  static func role(_ rules: String, cluster: Bool = false, account: String = "deployer") -> String {
    let prefix = cluster ? "Cluster" : ""
    let home = cluster ? "" : ", namespace: shop"
    return """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: \(prefix)Role
      metadata: {name: \(account)\(home)}
      rules: [\(rules)]
      ---
      \(bind("\(prefix)Role", account, cluster: cluster, account: account))
      """
  }

  static func bind(_ kind: String, _ role: String, cluster: Bool = false, account: String = "deployer") -> String {
    """
    apiVersion: rbac.authorization.k8s.io/v1
    kind: \(cluster ? "Cluster" : "")RoleBinding
    metadata: {name: \(account)-binding\(cluster ? "" : ", namespace: shop")}
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: \(kind), name: "\(role)"}
    subjects: [{kind: ServiceAccount, name: \(account), namespace: shop}]
    ---

    """
  }

  static func rule(_ groups: String, _ resources: String, _ verbs: String, names: String = "") -> String {
    let named = names.isEmpty ? "" : ", resourceNames: [\(names)]"
    return "{apiGroups: [\(groups)], resources: [\(resources)], verbs: [\(verbs)]\(named)}"
  }

  static func namespace(_ name: String, _ level: String) -> String {
    """
    apiVersion: v1
    kind: Namespace
    metadata: {name: \(name), labels: {pod-security.kubernetes.io/enforce: \(level)}}
    ---

    """
  }

  static func pod(_ spec: String, labels: String = "{app: a}", kind: String = "Pod") -> String {
    """
    apiVersion: v1
    kind: Pod
    metadata: {name: a, namespace: shop, labels: \(labels)}
    spec: {\(spec)}
    ---

    """
  }

  static func facts(_ change: (inout NodeFacts) -> Void) -> NodeFacts {
    var facts = NodeFacts()
    change(&facts)
    return facts
  }
}
