import Diagnostics
import FleetModel
import IntentModel
import KubernetesAPI
import Planning
import Policies
import Trials

/// Whether pods really are in the mesh. An injector that does not answer lets pods through as they are.
extension ClusterTarget {
  /// - Throws: `BulkheadError` that names the first pod of the wave without the mesh's proxy.
  func requireProxies(_ id: ObjectReference, _ wave: Wave) async throws {
    guard wave.posture(of: id)?.enrolled == true else { return }
    try await requireProxies(id, revision: revision(wave, id))
  }

  func requireProxies(_ id: ObjectReference, revision wanted: String) async throws {
    guard !hasDiscovery else { return }
    let pods = try await view().pods.filter { pod in
      let metadata = pod["metadata"] ?? .null
      return metadata["namespace"]?.string == id.namespace && metadata["deletionTimestamp"] == nil
        && metadata["labels"]?[ClusterNames.revision]?.string == wanted
        && !["Succeeded", "Failed"].contains(pod[path: "status", "phase"]?.string ?? "")
    }.sorted { Self.podName($0) < Self.podName($1) }
    guard !pods.isEmpty else {
      throw BulkheadError(.targetUnreachable, "\(id) has no pod of this wave", cure: "see kubectl describe")
    }
    guard let (pod, lack) = pods.lazy.compactMap({ pod in self.enrolment.lacks(pod).map { (pod, $0) } }).first else {
      return
    }
    throw BulkheadError(
      .configuration, "the pod \(Self.podName(pod).safeForTerminal) lacks \(lack)",
      cure: "see the mesh's control plane: bulkhead preflight --mesh \(enrolment.mesh.rawValue)")
  }

  private static func podName(_ pod: DocumentValue) -> String {
    "\(pod[path: "metadata", "namespace"]?.string ?? "")/\(pod[path: "metadata", "name"]?.string ?? "")"
  }

  /// Never strict while a known caller has no identity: looked up in the plan, and in the callers' pods.
  func requireIdentities(_ wave: Wave) async throws {
    let asking = wave.workloads.filter { wave.posture(of: $0)?.asksForIdentities == true }
    guard !asking.isEmpty else { return }
    let enrolled = Set(settings.plan.postures(before: wave.index).filter(\.value.enrolled).keys)
    let pods = try await view().seen(document())
    for id in asking {
      if let caller = settings.policies?.callers(of: id, notIn: enrolled).first {
        throw Self.noIdentity(id, caller, "it enters in no earlier wave")
      }
      let callers = callers(of: id)
      if let bare = pods.first(where: { callers.contains($0.workload) && !$0.isLeaving && !$0.hasProxy }) {
        throw Self.noIdentity(id, bare.workload, "the pod \(bare.name) has no proxy")
      }
    }
  }

  /// Who is known to call a workload by ports that are not open to everybody.
  private func callers(of id: ObjectReference) -> Set<ObjectReference> {
    if let policies = settings.policies { return Set(policies.members(calling: id)) }
    guard let workload = fleet.workload(id) else { return [] }
    let inbound = settings.derivation.intent(of: workload, posture: .untouched).inbound
    return Set(inbound.filter { !$0.servesOutside }.flatMap(\.callers)).subtracting([id])
  }

  private static func noIdentity(_ id: ObjectReference, _ caller: ObjectReference, _ why: String) -> BulkheadError {
    BulkheadError(
      .configuration, "\(id) would ask for identities while its caller \(caller) has none: \(why)",
      cure: "plan anew, so that callers enter the mesh in an earlier wave")
  }

  /// Who is still on a sidecar, for people to follow: the list that shrinks.
  func keepHandover(after wave: Wave) async throws {
    guard enrolment.mesh == .istioAmbient, let policies = settings.policies else { return }
    let moved = Set(settings.plan.postures(before: wave.index + 1).filter(\.value.enrolled).keys)
    let left = MeshReadiness.onSidecars(fleet).filter { !moved.contains($0) }
    guard !MeshReadiness.onSidecars(fleet).isEmpty else { return }
    let lines = left.map { id -> String in
      let callers = policies.members(calling: id).filter { left.contains($0) }.map(\.name)
      return callers.isEmpty ? "\(id)" : "\(id): its callers on sidecars are \(callers.joined(separator: ", "))"
    }
    settings.say(left.isEmpty ? "no workload has a sidecar any more" : "still on sidecars: \(left.count)")
    try await settings.keepList(
      "# after \(wave.name)\n" + lines.map { "\($0.safeForTerminal)\n" }.joined())
  }
}

extension Posture {
  /// Whether somebody without an identity may be turned away.
  var asksForIdentities: Bool { mutualTLS == .strict || authorisation == .enforced }
}
