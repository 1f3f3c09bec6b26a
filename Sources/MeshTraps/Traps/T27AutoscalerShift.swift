import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let autoscalerShift = Trap(
    code: "T27", title: "An autoscaler that counts the proxy", severity: .medium, level: .readyAfterFix,
    meshes: .sidecars,
    why: """
      A Resource metric is the sum over all containers of the pod. With a sidecar the same load looks like another \
      share, so that the workload scales too late or too early; without the proxy's request it does not scale at all.
      """,
    cure: "measure the application's container with a ContainerResource metric",
    references: [
      "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#container-resource-metrics",
      "https://linkerd.io/2/reference/proxy-configuration/",
    ],
    example: """
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata: {name: cart, namespace: shop}
      spec:
        scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}
        minReplicas: 2
        maxReplicas: 8
        metrics:
        - type: Resource
          resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
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
      context.autoscalers(of: pod.workload).flatMap { scaler in
        scaler.metrics.filter { $0.type == "Resource" }.map { metric in
          let container = pod.members.first { $0.role == .application && !$0.belongsToMesh }?.container.name ?? "app"
          let patch =
            "spec:\n  metrics:\n  - type: ContainerResource\n    containerResource:\n      name: \(metric.name)\n"
            + "      container: \(container)\n      target: {type: Utilization, averageUtilization: 70}"
          return TrapHit(
            "HorizontalPodAutoscaler \(scaler.id.name) scales by the \(metric.name) of all containers together",
            fix: MeshText(
              patch,
              [
                .linkerd: patch + "\n---\n"
                  + pod.workload.templatePatch(annotations: [
                    ("config.linkerd.io/proxy-cpu-request", "100m"), ("config.linkerd.io/proxy-memory-request", "20Mi"),
                  ])
              ]),
            location: scaler.location)
        }
      }
    })
}
