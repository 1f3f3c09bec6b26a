import Diagnostics
import FleetModel
import IntentModel
import KubernetesAPI
import Planning
import Policies

/// Objects of the mesh and of the network beside a workload: those of each posture select the pods of that posture.
extension ClusterTarget {
  var enrolment: any MeshEnrolment {
    settings.enrolment
      ?? PlainEnvoy(
        images: settings.images, discoveryAddress: discoveryAddress, fleet: fleet, derivation: settings.derivation)
  }

  /// Whether sidecars are configured by Bulkhead's own server.
  var hasDiscovery: Bool { settings.enrolment == nil }

  /// Before the pods of a wave. Where a mesh cannot tell pods apart, rules become tighter with the workload itself, and
  /// not for its canary's sake.
  func placeObjects(_ id: ObjectReference, _ wave: Wave, _ percent: Int) async throws {
    guard let posture = wave.posture(of: id) else { return }
    let before = wave.steps.first { $0.workload == id }?.before ?? .untouched
    let waits = percent < 100 && !enrolment.mesh.tellsPodsApart && before.enrolled
    try await place(id, waits ? before : posture, step: "wave-\(wave.index + 1)/\(id)")
  }

  func place(_ id: ObjectReference, _ posture: Posture, step: String) async throws {
    for object in try enrolment.objects(id, posture) { try await place(object, step: step) }
  }

  func place(_ object: ManifestObject, step: String) async throws {
    let name = try MeshKinds.name(of: object)
    if let live = try await find(name), !isOurs(live) {
      throw BulkheadError(
        .configuration, "\(name) is in the way and was not made by Bulkhead", cure: "rename it, or remove it yourself")
    }
    var annotated = object
    annotated.annotations.merge(try annotations(step: step)) { _, new in new }
    _ = try await client.apply(try await named(annotated.document), to: name)
  }

  /// Of those that the plan gives a workload at any time.
  func removeObjects(_ id: ObjectReference, except posture: Posture) async throws {
    let kept = try enrolment.objects(id, posture).map(\.id)
    var gone: [ManifestObject] = []
    for posture in Set(settings.plan.waves.flatMap(\.steps).filter { $0.workload == id }.map(\.after)) {
      for object in try enrolment.objects(id, posture)
      where !kept.contains(object.id) && !gone.contains(where: { $0.id == object.id }) {
        gone.append(object)
      }
    }
    for object in gone.sorted(by: { $0.id < $1.id }) { try await remove(try MeshKinds.name(of: object)) }
  }

  func isOurs(_ live: DocumentValue) -> Bool {
    live[path: "metadata", "labels"]?[ClusterNames.managedBy]?.string == ClusterNames.program
  }

  // MARK: - Namespaces by name

  /// Servers below 1.21 do not give namespaces the label by which policies name them.
  private func named(_ object: DocumentValue) async throws -> DocumentValue {
    guard object["kind"]?.string == "NetworkPolicy", try await !namespacesAreLabelled() else { return object }
    let labelled = Set(fleet.namespaces.filter { $0.labels[NamespaceNames.label] == $0.name }.map(\.name))
    let own = Set(fleet.workloads.map(\.id.namespace))
    return try NamespaceNames.without(object, labelled: labelled.union([ClusterNames.namespace]), refusing: own)
  }

  private func namespacesAreLabelled() async throws -> Bool {
    if let labelsNamespaces { return labelsNamespaces }
    let version = try await client.read("/version")
    let minor = Int((version["minor"]?.string ?? "").prefix { $0.isASCII && $0.isNumber }) ?? 0
    let isNew = (version["major"]?.string ?? "1") != "1" || minor >= 21
    if !isNew {
      settings.say(
        "this server does not label namespaces with their names: policies find the cluster's resolver by its pods' "
          + "labels, in whatever namespace")
    }
    labelsNamespaces = isNew
    return isNew
  }
}

extension Mesh {
  /// Whether its objects can hold for some pods of a workload and not for others.
  var tellsPodsApart: Bool { self != .consul }
}
