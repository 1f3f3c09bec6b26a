import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  static let enrolmentRace = Vector(
    code: "M09", title: "Starting before the node enrols pods", severity: .medium,
    explanation: """
      Where an agent on the node sets up the capture, a pod that starts on a new node before the agent runs outside \
      the mesh, and nothing stops it: enrolment fails open.
      """,
    mitigation: """
      Taint new nodes with cni.istio.io/not-ready and let istiod take the taint off (taint.enabled), and make \
      NetworkPolicies deny by default.
      """,
    attack: ["T1562.001"],
    references: [
      "https://github.com/istio/istio/issues/14327", "https://github.com/istio/istio/issues/17583",
      "https://istio.io/latest/docs/setup/additional-setup/cni/",
    ],
    signature: [.state("a running pod of the mesh without redirection")],
    example: """
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
      apiVersion: v1
      kind: Namespace
      metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
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
    rule: .fleet { context in
      // Linkerd's and Consul's plugins are checked by a validator in the pod, which fails closed.
      let agents = context.workloads(named: "istio-cni").filter { $0.id.kind == "DaemonSet" }
      let members = context.mesh.members(of: [.istioAmbient])
      guard !agents.isEmpty || !members.isEmpty else { return [] }
      let istiod = context.workloads(named: "istiod")
      guard let first = istiod.first else {
        return [
          .unknown(.istioAmbient, because: "istiod is not in the input: whether it unsticks new nodes is unknown")
        ]
      }
      let untaints = istiod.flatMap(\.pod.containers).flatMap(\.environment).contains { variable in
        variable.name == "PILOT_ENABLE_NODE_UNTAINT_CONTROLLERS" && variable.source == .literal("true")
      }
      guard !untaints else { return [] }
      return [
        .open(
          first, "istiod does not hold pods back from new nodes until the node's agent can enrol them",
          fix: first.containerPatch(
            first.pod.containers.first?.name ?? "discovery",
            "env:\n- name: PILOT_ENABLE_NODE_UNTAINT_CONTROLLERS\n  value: \"true\"")
            + "\n# and register nodes with the taint cni.istio.io/not-ready:NoSchedule")
      ]
    })
}
