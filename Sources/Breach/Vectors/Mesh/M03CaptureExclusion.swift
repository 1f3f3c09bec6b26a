import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let captureExclusion = Vector(
    code: "M03", title: "Leaving through ports that capture leaves out", severity: .medium,
    explanation: """
      Annotations take ports or address ranges out of the capture. What goes there is neither encrypted nor \
      authorised, for the application and for whoever broke into it.
      """,
    mitigation: """
      Remove the annotation, or allow it only with an owner and an end date and bound it by a NetworkPolicy.
      """,
    attack: ["T1562.001"],
    references: [
      "https://istio.io/latest/docs/reference/config/annotations/",
      "https://linkerd.io/2/reference/proxy-configuration/",
      "https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels",
    ],
    signature: [.state("a connection from the pod to an excluded port or range")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
            annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: "5432"}
          spec:
            containers:
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, _ in
      guard pod.meshOrMaybe != nil else { return .closed }
      return .from(
        pod.membership.exclusions.map { exclusion in
          let place = exclusion.fromNamespace ? "the namespace's " : ""
          let direction =
            switch exclusion.direction {
            case .inbound: "inbound traffic"
            case .outbound: "outbound traffic"
            case .both: "traffic in both directions"
            }
          return Evidence(
            message: "\(place)annotation \(exclusion.annotation)=\(exclusion.value) takes \(direction) past the mesh",
            fix: exclusion.fromNamespace
              ? "metadata:\n  annotations:\n    \(exclusion.annotation): null  # on the namespace"
              : pod.workload.templatePatch(annotations: [(exclusion.annotation, nil)]))
        })
    })
}
