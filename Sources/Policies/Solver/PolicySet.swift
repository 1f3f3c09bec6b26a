package import Diagnostics
package import FleetModel

/// The policies of a fleet for one target, with everything a person should know before applying them.
package struct PolicySet: Sendable {
  package var target: PolicyTarget
  /// In the fleet's order; workloads that get no policies are in `leftAlone`.
  package var workloads: [WorkloadPolicy]
  package var leftAlone: [LeftAlone]
  package var flows: [PolicyFlow]
  package var outside: [OutsideCall]
  package var patches: [WorkloadPatch]
  package var objects: [ManifestObject]
  package var networkPolicies: [NetworkPolicy]
  package var decisions: [PolicyDecision]
  /// Sorted by location, then code.
  package var findings: [Finding]
  /// Policies in the input name more pairs than were looked at.
  package var isTruncated: Bool
  let peers: PeerNames

  package struct LeftAlone: Sendable, Equatable {
    package var workload: ObjectReference
    package var because: String
  }

  /// One verdict for each workload, where a mesh is chosen.
  package var strict: [StrictVerdict] { workloads.compactMap(\.strict) }

  /// All objects as one stream of documents for `kubectl apply`.
  package var yaml: String {
    objects.isEmpty ? "# no objects\n" : objects.map(\.yaml).joined(separator: "---\n")
  }

  /// All patches of pod templates as one stream; each restarts its workload.
  package var patchYAML: String {
    patches.isEmpty
      ? "# no patches\n"
      : patches.map { patch in
        patch.why.map { "# \($0.safeForTerminal)\n" }.joined() + YAMLText.document(patch.manifest)
      }.joined(separator: "---\n")
  }

  /// The fleet as it would be with the patches and the policies applied, for the analysis to read.
  package func applied(to fleet: Fleet) -> Fleet {
    var result = fleet
    let byWorkload = Dictionary(patches.map { ($0.workload, $0) }) { first, _ in first }
    result.workloads = fleet.workloads.map { byWorkload[$0.id]?.applied(to: $0) ?? $0 }
    let ours = Set(objects.map(\.id))
    result.networkPolicies = (fleet.networkPolicies.filter { !ours.contains($0.id) } + networkPolicies)
      .sorted { $0.id < $1.id }
    let locations = Dictionary(workloads.map { ($0.workload, $0.location) }) { first, _ in first }
    let custom = objects.filter { !["NetworkPolicy", "ServiceAccount"].contains($0.id.kind) }.map {
      $0.customObject(at: locations[$0.subject] ?? SourceLocation(file: "(policies)", line: 0))
    }
    result.customObjects = (fleet.customObjects.filter { !ours.contains($0.id) } + custom).sorted { $0.id < $1.id }
    return result
  }
}
