import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let initWindow = Vector(
    code: "M10", title: "Talking before the sidecar runs", severity: .medium,
    explanation: """
      Init containers end before an ordinary sidecar starts: their traffic passes unencrypted and unauthorised, or \
      is dropped where a CNI plugin has set up the capture already.
      """,
    mitigation: """
      Run the proxy as a native sidecar (Kubernetes 1.29 and later), so that it is there before the init containers, \
      and deny egress by a NetworkPolicy, which holds from the first packet.
      """,
    attack: ["T1562.001"],
    references: [
      "https://github.com/istio/istio/issues/11130", "https://istio.io/latest/blog/2023/native-sidecars/",
      "https://linkerd.io/2/reference/proxy-configuration/",
    ],
    signature: [.state("a connection from an init container before the proxy is ready")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
            annotations: {sidecar.istio.io/nativeSidecar: "false"}
          spec:
            initContainers:
            - {name: migrate, image: "example.com/migrate:1"}
            containers:
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, _ in
      guard let mesh = pod.meshOrMaybe, mesh.hasSidecar, pod.membership.nativeSidecar != true else { return .closed }
      let early = pod.ownMembers.filter { $0.role == .initial }
      guard !early.isEmpty else { return .closed }
      guard pod.membership.nativeSidecar == false else {
        return .unknown(
          because:
            "the input does not tell whether \(mesh.title) runs its proxy as a native sidecar, and init container "
            + "\(early[0].container.name) would run before an ordinary one")
      }
      let key =
        mesh == .linkerd ? "config.beta.linkerd.io/proxy-enable-native-sidecar" : "sidecar.istio.io/nativeSidecar"
      return .open(
        early.map { member in
          Evidence(
            container: member.container.name, message: "it runs before the proxy of \(mesh.title) and is not captured",
            fix: pod.workload.templatePatch(annotations: [(key, "true")]), location: member.container.location)
        })
    })
}
