import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let capabilitiesRefused = Trap(
    code: "T4", title: "Pod Security refuses the mesh's init container", severity: .high, level: .readyAfterFix,
    meshes: [.istioSidecar, .linkerd, .consul],
    why: """
      The init container that sets up the capture wants NET_ADMIN and NET_RAW. A namespace that enforces Pod Security \
      baseline or restricted refuses every pod that has it: after the restart no pod starts.
      """,
    cure: "install the mesh's CNI plugin, which sets up the capture from the node",
    references: [
      "https://istio.io/latest/docs/setup/additional-setup/cni/", "https://github.com/istio/istio/issues/11571",
      "https://linkerd.io/2/features/cni/", "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    ],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: istiod, namespace: istio-system}
      spec:
        selector: {matchLabels: {app: istiod}}
        template:
          metadata: {labels: {app: istiod}}
          spec:
            containers: [{name: discovery, image: "docker.io/istio/pilot:1.26.0"}]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    check: { pod, context in
      guard let enforced = pod.namespaceLabels["pod-security.kubernetes.io/enforce"],
        ["baseline", "restricted"].contains(enforced)
      else { return [] }
      return [Mesh.istioSidecar, .linkerd, .consul].compactMap { mesh in
        guard !context.controlPlane.plugins.contains(mesh) else { return nil }
        let known = context.controlPlane.present.contains(mesh)
        return TrapHit(
          "the namespace enforces '\(enforced)', which refuses the NET_ADMIN of the mesh's init container",
          fix: MeshText(
            "# install Istio's CNI plugin\nhelm install istio-cni istio/cni -n istio-system",
            [
              .linkerd: "linkerd install-cni | kubectl apply -f -\n# and in the values: cniEnabled: true",
              .consul: "# in the values of consul\nconnectInject:\n  cni:\n    enabled: true",
            ]),
          meshes: [mesh],
          undecided: known ? nil : "neither the control plane nor its CNI plugin is in the input")
      }
    })
}
