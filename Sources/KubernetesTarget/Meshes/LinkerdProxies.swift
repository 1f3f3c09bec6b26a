import Diagnostics
package import FleetModel
package import IntentModel
package import Policies

/// Linkerd's proxies. Ports without a Server of their own are under the proxy's default policy, which goes with the
/// posture as the Servers do.
package struct LinkerdProxies: MeshEnrolment {
  private let common: InjectedMesh

  package init(_ policies: PostureObjects) { common = InjectedMesh(policies: policies) }

  package var mesh: Mesh { .linkerd }
  package var statistics: ProxyStatistics? { ProxyStatistics(port: 4_191, path: "metrics") }

  package func additions(_ workload: Workload, _ posture: Posture, revision: String) throws -> DocumentValue {
    let patch = try common.patch(workload, posture)
    guard !patch.movesTokenSetting else {
      throw BulkheadError(
        .configuration, "\(workload.id) has automountServiceAccountToken: false, and Linkerd passes over such pods",
        cure: "say so in its service account instead; bulkhead policies --patches shows how")
    }
    return InjectedPod.metadata(labels: patch.labels, annotations: patch.annotations)
  }

  package func objects(_ workload: ObjectReference, _ posture: Posture) -> [ManifestObject] {
    common.objects(workload, posture)
  }

  package func lacks(_ pod: DocumentValue) -> String? {
    guard !InjectedPod.hasContainer("linkerd-proxy", pod) else { return nil }
    return "the container linkerd-proxy: Linkerd's proxy-injector did not take it in"
  }
}
