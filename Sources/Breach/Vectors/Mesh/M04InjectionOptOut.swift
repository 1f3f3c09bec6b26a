import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let injectionOptOut = Vector(
    code: "M04", title: "Opting out of the mesh by a label", severity: .medium,
    explanation: """
      A pod that says so by label or annotation gets no proxy although its namespace is in the mesh. Who may edit the \
      pod's template so takes it out of encryption and authorisation; contradicting labels do it by accident.
      """,
    mitigation: """
      Remove the label; let an admission rule refuse it outside a list of exceptions with an owner and an end date; \
      STRICT mTLS on the servers makes such a pod useless for reaching them.
      """,
    attack: ["T1562.001"],
    references: [
      "IST0102", "IST0103", "IST0123", "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/",
    ],
    signature: [.state("a running pod without a proxy in a namespace of the mesh")],
    example: """
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio-injection: enabled}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "false"}
          spec:
            containers:
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, _ in
      switch pod.membership.standing {
      // Nobody asked: a workload outside the mesh is the plan's business, not a hole in it.
      case .unasked, .member, .impossible: return .closed
      case .conflicting(let mesh, let labels):
        return .unknown(because: "\(labels): whether \(mesh.title) takes the pod in depends on the installation")
      case .optedOut(let mesh, let by):
        return .open([
          Evidence(message: "\(by) keeps it out of \(mesh.title)", fix: optInPatch(pod.workload, mesh, by: by))
        ])
      }
    })

  private static func optInPatch(_ workload: Workload, _ mesh: Mesh, by: String) -> String {
    if by.hasSuffix("on the namespace") {
      let key = String(by.prefix { $0 != "=" })
      return "metadata:\n  labels:\n    \(key): null  # on namespace \(workload.id.namespace)"
    }
    return switch mesh {
    case .istioSidecar:
      workload.templatePatch(
        annotations: workload.podAnnotations["sidecar.istio.io/inject"] == nil
          ? [] : [("sidecar.istio.io/inject", nil)],
        labels: [("sidecar.istio.io/inject", "true")])
    case .istioAmbient: workload.templatePatch(labels: [("istio.io/dataplane-mode", nil)])
    case .linkerd: workload.templatePatch(annotations: [("linkerd.io/inject", "enabled")])
    case .consul: workload.templatePatch(annotations: [("consul.hashicorp.com/connect-inject", "true")])
    case .envoy: ""
    }
  }
}
