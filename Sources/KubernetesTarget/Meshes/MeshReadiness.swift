import Diagnostics
package import FleetModel
import IntentModel
package import Planning
package import Policies

/// What keeps a plan from being carried out with a mesh, found before anything is written.
package struct MeshReadiness: Sendable {
  let plan: Plan
  let fleet: Fleet
  let policies: PostureObjects

  package init(_ plan: Plan, _ fleet: Fleet, _ policies: PostureObjects) {
    (self.plan, self.fleet, self.policies) = (plan, fleet, policies)
  }

  /// - Throws: `BulkheadError(.configuration)` with all that was found.
  package func check() throws {
    let found = problems
    guard let first = found.first else { return }
    let more = found.count > 8 ? "; and \(found.count - 8) more" : ""
    let words = found.prefix(8).map(\.what).joined(separator: "; ")
    throw BulkheadError(
      .configuration, "this plan cannot be carried out with \(policies.mesh.title): \(words)\(more)", cure: first.cure)
  }

  package struct Problem: Sendable, Equatable {
    package var what: String
    package var cure: String
  }

  /// Sorted by workload.
  package var problems: [Problem] {
    var found: [Problem] = []
    for id in Set(plan.waves.flatMap(\.workloads)).sorted() {
      guard let workload = fleet.workload(id) else { continue }
      found += membership(workload) + conflicts(workload)
    }
    for wave in plan.waves { found += tooEarly(wave) + handover(wave) }
    return found + sharedServices
  }

  private func membership(_ workload: Workload) -> [Problem] {
    let id = workload.id
    guard let patch = policies.patch(of: id, in: .init(mutualTLS: .permissive)) else {
      let why = policies.need(of: id)?.strict?.because ?? "it belongs to the cluster or to the mesh"
      return [Problem(what: "\(id): \(why)", cure: "exclude it in the requirements of the plan")]
    }
    guard policies.mesh != .linkerd || !patch.movesTokenSetting else {
      return [
        Problem(
          what: "\(id) has automountServiceAccountToken: false, and Linkerd passes over such pods",
          cure: "say so in its service account instead: bulkhead policies --mesh linkerd shows the patch")
      ]
    }
    guard policies.mesh != .consul || !fleet.services(of: workload).isEmpty else {
      return [Problem(what: "\(id) has no Service, and Consul knows pods by theirs", cure: "give it a Service")]
    }
    let becomesStrict = plan.waves.contains { $0.posture(of: id)?.mutualTLS == .strict }
    guard becomesStrict, let verdict = policies.need(of: id)?.strict, let caller = verdict.callers.first else {
      return []
    }
    return [
      Problem(
        what: "\(id) is to take mutual TLS alone, but \(caller.message)",
        cure: "\(caller.cure); or leave the step out of the plan")
    ]
  }

  /// Enforced before a known caller has an identity.
  private func tooEarly(_ wave: Wave) -> [Problem] {
    let enrolled = Set(plan.postures(before: wave.index).filter(\.value.enrolled).keys)
    return wave.workloads.filter { wave.posture(of: $0)?.asksForIdentities == true }.flatMap { id in
      policies.callers(of: id, notIn: enrolled).map { caller in
        Problem(
          what: "\(wave.name): \(id) would ask for identities before its caller \(caller) has one",
          cure: "plan anew, so that callers enter the mesh in an earlier wave")
      }
    }
  }

  // MARK: - Sidecars that move to ambient

  /// The workloads that have a sidecar of Istio's, or would get one at their next start.
  static func onSidecars(_ fleet: Fleet) -> [ObjectReference] { MeshMembership.members(of: .istioSidecar, in: fleet) }

  /// Calls from a sidecar bypass waypoints: a workload keeps its sidecar until its callers have given theirs up.
  private func handover(_ wave: Wave) -> [Problem] {
    guard policies.mesh == .istioAmbient else { return [] }
    let sidecars = Set(Self.onSidecars(fleet))
    let moved = Set(plan.postures(before: wave.index).filter(\.value.enrolled).keys)
    let moving = wave.steps.filter { $0.action == .enrol && sidecars.contains($0.workload) }.map(\.workload)
    return moving.flatMap { id in
      policies.members(calling: id).filter { sidecars.contains($0) && !moved.contains($0) && !moving.contains($0) }
        .map { caller in
          Problem(
            what: "\(wave.name): \(id) would give its sidecar up before its caller \(caller)",
            cure: "pin callers to earlier waves in the requirements, and plan anew")
        }
    }
  }

  // MARK: - Objects of others

  /// Of two that select a pod, the older one counts: ours would not.
  private func conflicts(_ workload: Workload) -> [Problem] {
    let kinds: [String: String] =
      switch policies.mesh {
      case .istioSidecar, .istioAmbient: ["PeerAuthentication": "security.istio.io"]
      case .linkerd: ["Server": "policy.linkerd.io"]
      case .consul: ["ServiceIntentions": "consul.hashicorp.com", "ServiceDefaults": "consul.hashicorp.com"]
      case .envoy: [:]
      }
    return fleet.customObjects.filter { object in
      kinds[object.id.kind] == object.apiGroup && object.id.namespace == workload.id.namespace
        && object.labels[ClusterNames.managedBy] != ClusterNames.program && governs(object, workload)
    }.map(\.id).sorted().map {
      Problem(what: "\($0) says already what holds for \(workload.id)", cure: "remove it once the plan has taken over")
    }
  }

  private func governs(_ object: CustomObject, _ workload: Workload) -> Bool {
    switch object.id.kind {
    case "PeerAuthentication":
      guard let selector = object.spec["selector"], !selector.labelSelector.requirements.isEmpty else { return false }
      return selector.labelSelector.matches(workload.podLabels)
    case "Server": return (object.spec["podSelector"] ?? .mapping([])).labelSelector.matches(workload.podLabels)
    case "ServiceIntentions": return object.spec["destination"]?["name"]?.string == policies.consulService(of: workload)
    default: return object.id.name == policies.consulService(of: workload)
    }
  }

  /// What Consul is told holds for a service: two workloads behind one could not be in two postures.
  private var sharedServices: [Problem] {
    guard policies.mesh == .consul else { return [] }
    let ids = Set(plan.waves.flatMap(\.workloads)).sorted()
    let byService = Dictionary(
      grouping: ids.compactMap(fleet.workload), by: { "\($0.id.namespace)/\(policies.consulService(of: $0))" })
    return byService.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { service, workloads in
      Problem(
        what: "\(workloads.map(\.id.name).joined(separator: ", ")) are one service of Consul's (\(service))",
        cure: "give each a Service of its own")
    }
  }
}
