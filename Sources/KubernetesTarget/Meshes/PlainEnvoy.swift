import FleetModel
import IntentModel
import Policies

/// Sidecars that Bulkhead writes into the template itself and configures from its discovery server: they read a pod's
/// posture from its annotation, so that no object of a mesh is needed.
struct PlainEnvoy: MeshEnrolment {
  var images: SidecarImages
  var discoveryAddress: String
  var fleet: Fleet
  var derivation: IntentDerivation

  let mesh = Mesh.envoy
  /// The discovery server has them.
  let statistics: ProxyStatistics? = nil

  func additions(_ workload: Workload, _ posture: Posture, revision: String) -> DocumentValue {
    SidecarTemplate(
      images: images, discoveryAddress: discoveryAddress, workload: workload.id, probePorts: ProbePorts.of(workload)
    ).additions
  }

  func objects(_ workload: ObjectReference, _ posture: Posture) throws -> [ManifestObject] {
    guard posture.isolated, let subject = fleet.workload(workload) else { return [] }
    return [try IsolationObject.object(derivation.intent(of: subject, posture: posture), in: fleet)]
  }

  func lacks(_ pod: DocumentValue) -> String? {
    InjectedPod.hasContainer(ClusterNames.proxy, pod) ? nil : "the container \(ClusterNames.proxy)"
  }
}
