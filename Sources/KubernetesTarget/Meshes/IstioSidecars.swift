package import FleetModel
package import IntentModel
package import Policies

/// Istio's sidecars, asked for pod by pod: labels on namespaces would take in whatever else is in them.
package struct IstioSidecars: MeshEnrolment {
  private let common: InjectedMesh
  private let controlPlane: String?

  /// - Parameter revision: of the control plane (`istio.io/rev`); nil for the one without a name.
  package init(_ policies: PostureObjects, revision: String?) {
    (common, controlPlane) = (InjectedMesh(policies: policies), revision)
  }

  package var mesh: Mesh { .istioSidecar }
  /// The agent's page: the proxy's own counts, and the application's where it has any.
  package var statistics: ProxyStatistics? { ProxyStatistics(port: 15_020, path: "stats/prometheus") }

  package func additions(_ workload: Workload, _ posture: Posture, revision: String) throws -> DocumentValue {
    var patch = try common.patch(workload, posture)
    if let controlPlane { patch.labels["istio.io/rev"] = controlPlane }
    return InjectedPod.metadata(labels: patch.labels, annotations: patch.annotations)
  }

  package func objects(_ workload: ObjectReference, _ posture: Posture) -> [ManifestObject] {
    common.objects(workload, posture)
  }

  package func lacks(_ pod: DocumentValue) -> String? {
    guard !InjectedPod.hasContainer("istio-proxy", pod) else { return nil }
    return
      "the container istio-proxy: Istio's injector did not take it in (is its webhook there, and the revision right?)"
  }
}
