import FleetModel
import IntentModel
import KubernetesAPI
import Planning
import Policies

/// The share of a canary by weights, where the mesh can and nobody else says where the calls go.
extension ClusterTarget {
  func placeSplit(_ id: ObjectReference, _ wave: Wave, _ percent: Int) async throws {
    guard let policies = settings.policies, let workload = fleet.workload(id), let canary = revisions[id],
      let stable = earlierWave(id, before: wave.index), stable.posture(of: id)?.enrolled == true
    else { return }
    let enrolled = Set(settings.plan.postures(before: wave.index).filter(\.value.enrolled).keys)
    for service in TrafficSplit.services(of: workload, fleet, policies, enrolled: enrolled) {
      let objects = TrafficSplit.objects(
        service, stable: revision(stable, id), canary: canary, percent: max(1, percent))
      if let other = try await otherRoute(service, objects) {
        settings.say("\(id): \(other) says where calls to \(service.name) go: the canary's share is by number of pods")
        continue
      }
      for object in objects { try await place(object, step: "wave-\(wave.index + 1)/\(id)/canary") }
    }
  }

  /// Before pods are exchanged, or put back: a share of a revision that is no more would be lost.
  func removeSplit(_ id: ObjectReference) async throws {
    guard enrolment.mesh == .istioSidecar, let workload = fleet.workload(id) else { return }
    for service in fleet.services(of: workload).map(\.id).sorted() {
      for object in TrafficSplit.objects(service, stable: "", canary: "", percent: 0).reversed() {
        let name = try MeshKinds.name(of: object)
        if let live = try await find(name), isOurs(live) { try await remove(name) }
      }
    }
  }

  /// An object of somebody else's for the same host, in words.
  private func otherRoute(_ service: ObjectReference, _ objects: [ManifestObject]) async throws -> String? {
    for object in objects {
      let name = try MeshKinds.name(of: object)
      let live = try await client.list(name.resource, namespace: service.namespace).items
      if let other = live.first(where: { !isOurs($0) && TrafficSplit.governs($0, service) }) {
        return "\(object.id.kind) \(other[path: "metadata", "name"]?.string ?? "")"
      }
    }
    return nil
  }
}
