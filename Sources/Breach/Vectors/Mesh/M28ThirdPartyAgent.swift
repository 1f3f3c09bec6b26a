import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let thirdPartyAgent = Vector(
    code: "M28", title: "Through the hole of a third party's agent", severity: .medium,
    explanation: """
      Agents for remote development add capture rules of their own, with an exception for the user they run as, which \
      is root. Every process of that user then passes by the mesh.
      """,
    mitigation: "Keep such agents out of production namespaces by an admission rule, and run nothing as root.",
    attack: ["T1562.004"], references: ["https://github.com/telepresenceio/telepresence/issues/4156"],
    signature: [.state("a RETURN rule for a user id other than the proxy's in the pod's nat table")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart, sidecar.istio.io/inject: "true"}
            annotations: {telepresence.getambassador.io/inject-traffic-agent: enabled}
          spec:
            containers:
            - {name: server, image: "example.com/cart:1"}
      """,
    rule: .pod { pod, _ in
      guard let mesh = pod.meshOrMaybe else { return .closed }
      var evidence: [Evidence] = []
      for key in ["telepresence.getambassador.io/inject-traffic-agent", "telepresence.io/inject-traffic-agent"]
      where pod.workload.podAnnotations[key] == "enabled" {
        evidence.append(
          Evidence(
            message: "\(key) adds an agent whose rules let user 0 pass by \(mesh.title)",
            fix: pod.workload.templatePatch(annotations: [(key, "disabled")])))
      }
      for member in pod.members where ["traffic-agent", "tel-agent-init", "tel-agent"].contains(member.container.name) {
        evidence.append(
          Evidence(
            container: member.container.name,
            message: "the agent of Telepresence has capture rules of its own, which let user 0 pass by \(mesh.title)",
            fix: pod.workload.containerPatch(
              member.container.name, isInit: member.role != .application, "$patch: delete"),
            location: member.container.location))
      }
      return .from(evidence)
    })
}
