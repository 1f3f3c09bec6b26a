import Diagnostics
import FleetModel
import IntentModel
import Policies

/// What meshes have in common that bring their own control plane: objects by posture, and labels by which these find
/// their pods.
struct InjectedMesh: Sendable {
  let policies: PostureObjects

  /// The labels and annotations by which this pod, and no other, is taken in.
  func patch(_ workload: Workload, _ posture: Posture) throws -> WorkloadPatch {
    guard let patch = policies.patch(of: workload.id, in: posture) else {
      let why = policies.need(of: workload.id)?.strict?.because ?? "it belongs to the cluster or to the mesh"
      throw BulkheadError(
        .configuration, "\(workload.id) cannot be taken into \(policies.mesh.title): \(why)",
        cure: "exclude it in the requirements of the plan, or remove what keeps it out")
    }
    return patch
  }

  func objects(_ workload: ObjectReference, _ posture: Posture) -> [ManifestObject] {
    policies.objects(of: workload, in: posture)
  }
}
