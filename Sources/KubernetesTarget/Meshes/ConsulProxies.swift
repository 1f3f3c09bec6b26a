package import FleetModel
package import IntentModel
package import Policies

/// Consul's dataplanes. Its settings are by service, not by pod: a canary is under the same as the pods beside it.
package struct ConsulProxies: MeshEnrolment {
  private let common: InjectedMesh

  package init(_ policies: PostureObjects) { common = InjectedMesh(policies: policies) }

  package var mesh: Mesh { .consul }
  package var statistics: ProxyStatistics? { ProxyStatistics(port: 20_200, path: "metrics") }

  package func additions(_ workload: Workload, _ posture: Posture, revision: String) throws -> DocumentValue {
    let patch = try common.patch(workload, posture)
    var annotations = patch.annotations
    // Without it nobody could tell how its requests fare.
    annotations["consul.hashicorp.com/enable-metrics"] = "true"
    annotations[ConsulSplit.annotation] = revision
    return InjectedPod.metadata(labels: patch.labels, annotations: annotations)
  }

  package func objects(_ workload: ObjectReference, _ posture: Posture) -> [ManifestObject] {
    common.objects(workload, posture)
  }

  package func lacks(_ pod: DocumentValue) -> String? {
    guard !InjectedPod.hasContainer("consul-dataplane", pod) else { return nil }
    return "the container consul-dataplane: Consul's connect-injector did not take it in"
  }
}
