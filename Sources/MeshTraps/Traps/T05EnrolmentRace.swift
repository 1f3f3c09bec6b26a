import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let enrolmentRace = Trap(
    code: "T5", title: "Pods that start before their node can enrol them", severity: .medium, level: .ready,
    meshes: [.istioSidecar, .istioAmbient],
    why: """
      On a new node pods can start before the node's agent runs. In ambient mode they then run outside the mesh until \
      they are restarted, and strict servers refuse them.
      """,
    cure: "hold pods back from new nodes with the taint cni.istio.io/not-ready, which istiod takes off",
    references: [
      "https://github.com/istio/istio/issues/14327", "https://github.com/istio/istio/issues/51176",
      "https://istio.io/latest/docs/setup/additional-setup/cni/",
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cluster-autoscaler, namespace: kube-system}
      spec:
        selector: {matchLabels: {app: cluster-autoscaler}}
        template:
          metadata: {labels: {app: cluster-autoscaler}}
          spec:
            containers: [{name: autoscaler, image: "registry.k8s.io/autoscaling/cluster-autoscaler:v1.32.0"}]
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
      guard !plane.untaintsNodes, !MeshMembership.systemNamespaces.contains(pod.workload.id.namespace) else {
        return []
      }
      // With sidecars a validation container keeps such a pod from starting, which shows; only the plugin has the race.
      let meshes: Set<Mesh> = plane.plugins.contains(.istioSidecar) ? [.istioSidecar, .istioAmbient] : [.istioAmbient]
      let fix: MeshText = """
        # in the values of istiod
        taint:
          enabled: true
        # and register nodes with the taint cni.istio.io/not-ready:NoSchedule
        """
      guard let scaler = plane.nodeAutoscaler else {
        return [
          TrapHit(
            "a pod on a new node may start outside the mesh", fix: fix, meshes: meshes,
            undecided: "the input does not tell whether nodes come and go")
        ]
      }
      return [
        TrapHit("\(scaler.name) adds nodes, on which it may start outside the mesh", fix: fix, meshes: meshes)
      ]
    })
}
