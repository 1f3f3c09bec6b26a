package import FleetModel
package import IntentModel
import KubernetesAPI
package import Policies

/// Istio without sidecars: the node's agent leads a pod's traffic through the node's ztunnel. No rule that is written
/// here needs a waypoint.
package struct IstioAmbient: MeshEnrolment {
  private let common: InjectedMesh

  package init(_ policies: PostureObjects) { common = InjectedMesh(policies: policies) }

  package var mesh: Mesh { .istioAmbient }
  /// A ztunnel counts for its whole node, and connections alone.
  package var statistics: ProxyStatistics? { nil }

  package func additions(_ workload: Workload, _ posture: Posture, revision: String) throws -> DocumentValue {
    let patch = try common.patch(workload, posture)
    return InjectedPod.metadata(labels: patch.labels, annotations: patch.annotations)
  }

  package func objects(_ workload: ObjectReference, _ posture: Posture) -> [ManifestObject] {
    common.objects(workload, posture)
  }

  package func lacks(_ pod: DocumentValue) -> String? {
    if InjectedPod.hasContainer("istio-proxy", pod) {
      return "nothing, but it still has a sidecar (istio-proxy), and a pod with one is left out of ambient"
    }
    let redirection = pod[path: "metadata", "annotations"]?["ambient.istio.io/redirection"]?.string
    guard redirection != "enabled" else { return nil }
    return "the annotation ambient.istio.io/redirection=enabled: istio-cni-node did not lead its traffic to the ztunnel"
  }
}
