import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let agentNoise = Trap(
    code: "T23", title: "Security agents that take the proxy for an attack", severity: .low, level: .ready,
    meshes: .sidecars,
    why: """
      An init container with NET_ADMIN that rewrites iptables, and a proxy that talks to the API server's side of the \
      cluster, are what sensors and admission rules look for. They refuse the pods, or drown what matters in alarms.
      """,
    cure: "write the exceptions per container name and image, never per pod or namespace",
    references: [
      "https://github.com/kyverno/kyverno/issues/8570", "https://falco.org/docs/reference/rules/default-rules/",
    ],
    example: """
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: falco, namespace: falco}
      spec:
        selector: {matchLabels: {app: falco}}
        template:
          metadata: {labels: {app: falco}}
          spec:
            containers: [{name: falco, image: "falcosecurity/falco:0.41.0"}]
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
      let plane = context.controlPlane
      guard !plane.securityAgents.isEmpty, !MeshMembership.systemNamespaces.contains(pod.workload.id.namespace),
        !plane.securityAgents.contains(where: { pod.workload.id.name.hasPrefix($0) })
      else { return [] }
      let meshes = Set<Mesh>.sidecars.subtracting(plane.plugins)
      guard !meshes.isEmpty else { return [] }
      return [
        TrapHit(
          "\(plane.securityAgents.joined(separator: ", ")) will see its proxy and the init container that sets up the "
            + "capture",
          fix: MeshText(
            "# one exception for container istio-init (and istio-proxy) with image */istio/proxyv2, not for the pod",
            [
              .linkerd: "# one exception for container linkerd-init with image */linkerd/proxy-init, not for the pod",
              .consul: "# one exception for container consul-connect-inject-init with image "
                + "*/consul-k8s-control-plane, not for the pod",
              .envoy: "# one exception for the container that runs Envoy with that image, not for the pod",
            ]),
          meshes: meshes)
      ]
    })
}
