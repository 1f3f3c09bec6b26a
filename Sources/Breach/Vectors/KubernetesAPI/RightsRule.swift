import AccessControl
import Diagnostics
import FleetModel

/// What the rules about rights have in common: evidence for each binding that gives one, with the patch that takes it
/// away, and "unknown" where a role cannot be read.
enum RightsRule {
  /// More pieces of evidence than this say nothing more.
  static let mostEvidence = 20

  /// - Parameter note: what the right means for this use; nil where it does not open the vector.
  static func assess(
    _ rights: SubjectRights, _ kinds: [RiskyRight], _ context: AuditContext,
    note: (RightUse) -> String? = { _ in "" }
  ) -> Assessment {
    var evidence: [Evidence] = []
    for kind in kinds {
      for use in rights.uses(of: kind) {
        guard let text = note(use) else { continue }
        evidence.append(self.evidence(rights.subject, use, text, context))
        if evidence.count == mostEvidence { return .open(evidence) }
      }
    }
    return evidence.isEmpty ? withoutEvidence(rights) : .open(evidence)
  }

  /// Closed, unless there are bindings whose role nobody can read.
  static func withoutEvidence(_ rights: SubjectRights) -> Assessment {
    guard let first = rights.unresolved.first else { return .closed }
    let more = rights.unresolved.count > 1 ? " (and \(rights.unresolved.count - 1) more)" : ""
    return .unknown(
      because: "\(first.kind) \(first.name)\(more) gives \(rights.subject.displayName) a role that is not in the input")
  }

  static func evidence(_ subject: Subject, _ use: RightUse, _ note: String, _ context: AuditContext) -> Evidence {
    var message = "\(subject.displayName) may \(use.actions) \(use.place)"
    if !use.names.isEmpty { message += " (named \(short(use.names)))" }
    message += " \(use.origin)"
    if !note.isEmpty { message += "; \(note)" }
    return Evidence(message: message, fix: fix(subject, use, context), location: use.location)
  }

  /// The role without the requests; where that cannot be written, the command that takes the subject out of the
  /// binding.
  static func fix(_ subject: Subject, _ use: RightUse, _ context: AuditContext) -> String {
    if !use.isBuiltIn, let role = context.access.role(use.writtenIn),
      let rules = RoleNarrowing.rules(of: role, without: use.right.requests)
    {
      let home = role.id.namespace.isEmpty ? "" : "\n  namespace: \(RoleYAML.scalar(role.id.namespace))"
      let head = """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: \(role.id.kind)
        metadata:
          name: \(RoleYAML.scalar(role.id.name))\(home)
        """
      return head + (rules.isEmpty ? "\nrules: []\n" : "\nrules:\n" + RoleYAML.rules(rules))
    }
    let binding = use.binding
    let home = binding.namespace.isEmpty ? "" : " -n \(shell(binding.namespace))"
    return "kubectl delete \(binding.kind.lowercased()) \(shell(binding.name))\(home)"
      + "  # then bind \(subject.displayName.safeForTerminal) to a role that holds only what it needs"
  }

  static func short(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  /// A word of a shell command: input may hold anything.
  static func shell(_ text: String) -> String {
    let plain = text.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-._:".unicodeScalars.contains(scalar))
    }
    if plain, !text.isEmpty { return text }
    return "'" + text.safeForTerminal.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }

  /// One assessment for each binding that gives a right to somebody who is not of the system: for rules over the fleet.
  static func perBinding(
    _ kinds: [RiskyRight], _ context: AuditContext, note: (RightUse) -> String?
  ) -> [ObjectAssessment] {
    var found: [ObjectReference: (location: SourceLocation, evidence: [Evidence])] = [:]
    var unresolved: Set<ObjectReference> = []
    for subject in context.access.subjects {
      let rights = context.rights(of: subject)
      if rights.isBuiltIn { continue }
      unresolved.formUnion(rights.unresolved)
      for use in kinds.flatMap({ rights.uses(of: $0) }) {
        guard (found[use.binding]?.evidence.count ?? 0) < mostEvidence, let text = note(use) else { continue }
        found[use.binding, default: (use.location, [])].evidence.append(evidence(subject, use, text, context))
      }
    }
    let open = found.sorted { $0.key < $1.key }.map {
      ObjectAssessment(resource: $0.key, location: $0.value.location, assessment: .open($0.value.evidence))
    }
    let unknown = unresolved.subtracting(found.keys).sorted().map {
      ObjectAssessment(
        resource: $0, location: nil, assessment: .unknown(because: "the role that it gives is not in the input"))
    }
    return open + unknown
  }

  /// The cluster as a whole, for what no single object stands for.
  static let cluster = ObjectReference(kind: "Cluster", namespace: "", name: "cluster")

  /// An example: who, what, through which objects.
  static func example(
    _ rules: String, account: String = "deployer", namespace: String = "shop", cluster: Bool = false
  ) -> String {
    let prefix = cluster ? "Cluster" : ""
    let home = cluster ? "" : "\n  namespace: \(namespace)"
    let indented = rules.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    return """
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: \(account)
        namespace: \(namespace)
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: \(prefix)Role
      metadata:
        name: \(account)\(home)
      rules:
      \(indented)
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: \(prefix)RoleBinding
      metadata:
        name: \(account)\(home)
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: \(prefix)Role
        name: \(account)
      subjects:
      - kind: ServiceAccount
        name: \(account)
        namespace: \(namespace)

      """
  }
}
