package import Diagnostics
import FleetModel

extension Intake {
  /// Puts the objects of a cluster together, as `read` does with manifests.
  ///
  /// - Parameter findings: what is known of the reading itself, such as kinds that could not be read.
  package func assemble(_ cluster: [ClusterObject], findings: [Finding] = []) -> IntakeResult {
    var assembly = FleetAssembly(cluster.flatMap(\.objects))
    var all = findings + cluster.flatMap(\.findings) + assembly.findings
    let calls = CallInference(fleet: assembly.fleet, argumentLocations: assembly.argumentLocations).infer()
    assembly.fleet.calls = calls.calls
    all += calls.findings
    return IntakeResult(
      fleet: assembly.fleet, findings: all.sorted { Self.key($0) < Self.key($1) }, documents: cluster.count)
  }

  /// Whether objects of a kind are read. In the group `extensions`, and only there, a kind may be one of another group
  /// as well.
  package static func reads(kind: String, group: String) -> Bool {
    ObjectKinds.isCustom(group) || ObjectKinds.groups[kind]?.contains(group) ?? false
  }

  /// Whether any kind of a group is read.
  package static func reads(group: String) -> Bool {
    ObjectKinds.isCustom(group) || ObjectKinds.groups.values.contains { $0.contains(group) }
  }

  /// A finding that a kind of the cluster is not known, which must never look like an empty list.
  ///
  /// - Parameter kind: the plural with its group, as kubectl names it: `networkpolicies.networking.k8s.io`.
  package static func notRead(_ kind: String, _ why: String, cure: String, severity: Severity = .medium) -> Finding {
    IntakeCode.notRead.finding(severity, "\(kind): \(why)", fix: cure, at: SourceLocation(file: "cluster", line: 0))
  }
}
