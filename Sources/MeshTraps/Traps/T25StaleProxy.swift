import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let staleProxy = Trap(
    code: "T25", title: "A proxy older than its control plane", severity: .medium, level: .readyAfterFix,
    meshes: [.istioSidecar],
    why: """
      An upgrade of the control plane leaves running proxies as they are, and a proxy written into a manifest stays at \
      its version for ever. Beyond a minor version of difference nobody tests them together.
      """,
    cure: "restart the workload after the upgrade, or write the new image into the manifest",
    references: [
      "IST0158", "https://github.com/istio/istio/issues/50595",
      "https://istio.io/latest/docs/releases/supported-releases/",
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: istiod, namespace: istio-system}
      spec:
        selector: {matchLabels: {app: istiod}}
        template:
          metadata: {labels: {app: istiod}}
          spec:
            containers: [{name: discovery, image: "docker.io/istio/pilot:1.26.2"}]
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers:
            - {name: server, image: "example.com/cart:1"}
            - {name: istio-proxy, image: "docker.io/istio/proxyv2:1.22.0"}
      """,
    check: { pod, context in
      let proxies = pod.members.filter { $0.container.name == "istio-proxy" }
      return proxies.compactMap { member in
        let tag = ImageTag.of(member.container.image) ?? ""
        guard let wanted = context.controlPlane.istiodTag else {
          return TrapHit(
            "its proxy is at version \(tag.isEmpty ? "unknown" : tag)", fix: "", container: member.container.name,
            location: member.container.location, undecided: "istiod is not in the input")
        }
        guard bare(tag) != bare(wanted) else { return nil }
        return TrapHit(
          "its proxy is at \(tag), the control plane at \(wanted)",
          fix: MeshText(
            pod.workload.containerPatch(
              "istio-proxy", isInit: member.role == .sidecar, "image: docker.io/istio/proxyv2:\(wanted)")
              + "\n# or, where it was injected: kubectl rollout restart \(pod.workload.id.kind.lowercased())/"
              + pod.workload.id.name),
          container: member.container.name, location: member.container.location)
      }
    })

  /// `1.26.2-distroless` and `1.26.2` are one version.
  private static func bare(_ tag: String) -> String {
    for suffix in ["-distroless", "-debug"] where tag.hasSuffix(suffix) { return String(tag.dropLast(suffix.count)) }
    return tag
  }
}
