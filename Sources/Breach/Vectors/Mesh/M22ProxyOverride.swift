import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let proxyOverride = Vector(
    code: "M22", title: "Replacing the proxy by annotations", severity: .medium,
    explanation: """
      Annotations on a pod choose the proxy's image, its bootstrap, its volumes and the template it is made from. Who \
      may edit the pod's template so runs a proxy of their own with the mesh's identity and the capture's rights.
      """,
    mitigation: "Remove the annotations and let an admission rule refuse them outside a list of exceptions.",
    attack: ["T1610", "T1562.001"],
    references: [
      "https://istio.io/latest/docs/reference/config/annotations/",
      "https://linkerd.io/2/reference/proxy-configuration/",
    ],
    signature: [.audit("create pods")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
            annotations: {sidecar.istio.io/proxyImage: "example.com/own-proxy:1"}
          spec:
            containers:
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, _ in
      guard let mesh = pod.meshOrMaybe else { return .closed }
      let keys = proxyOverrides[mesh] ?? []
      return .from(
        keys.compactMap { key in
          pod.workload.podAnnotations[key].map { value in
            Evidence(
              message: "annotation \(key) changes the proxy itself: \(value.prefix(80))",
              fix: pod.workload.templatePatch(annotations: [(key, nil)]))
          }
        })
    })

  private static let proxyOverrides: [Mesh: [String]] = [
    .istioSidecar: [
      "inject.istio.io/templates", "sidecar.istio.io/bootstrapOverride", "sidecar.istio.io/proxyImage",
      "sidecar.istio.io/userVolume", "sidecar.istio.io/userVolumeMount", "sidecar.istio.io/discoveryAddress",
    ],
    .linkerd: [
      "config.linkerd.io/debug-image", "config.linkerd.io/enable-debug-sidecar", "config.linkerd.io/init-image",
      "config.linkerd.io/proxy-image", "config.linkerd.io/proxy-version", "config.linkerd.io/proxy-uid",
    ],
    .consul: [
      "consul.hashicorp.com/consul-sidecar-user-volume", "consul.hashicorp.com/consul-sidecar-user-volume-mount",
      "consul.hashicorp.com/envoy-extra-args",
    ],
  ]
}
