package import Diagnostics
package import FleetModel
package import IntentModel
package import PodSecurity

/// What an audit looks for.
package struct AuditOptions: Sendable {
  /// Traps of these meshes; empty means, for each workload, those of the mesh that it asks for.
  package var meshes: [Mesh] = []
  /// The version of the Pod Security Standards whose verdicts are given.
  package var podSecurity: PodSecurityVersion = .latest
  /// Facts that hold for all nodes; they win over what Node objects say.
  package var nodeFacts = NodeFacts()
  /// Codes of vectors, traps and other rules; empty means all.
  package var only: Set<String> = []
  /// Findings below it are left out.
  package var minimum: Severity = .info
  /// Also subjects that Kubernetes itself has.
  package var includesBuiltIn = false

  package init() {}

  func wants(_ code: String) -> Bool { only.isEmpty || only.contains(code) }
}
