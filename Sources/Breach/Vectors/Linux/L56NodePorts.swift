import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let nodePortBinding = Vector(
    code: "L56", title: "Binding ports of the node", severity: .low,
    explanation: """
      A hostPort opens the container at the node's address, past Services, NetworkPolicies of many plugins and the \
      mesh. An attacker reaches it from outside, and a compromised container can take over a port that others trust.
      """,
    mitigation: """
      Remove hostPort and use a Service; set hostNetwork: false.
      """,
    attack: ["T1133"],
    references: ["hub.armosec.io/docs/c-0044", "kubernetes.io/docs/concepts/security/pod-security-standards"],
    signature: [
      .call("bind", arguments: "an address of the node"), .state("a rule of the portmap plugin for the pod"),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
          ports:
          - containerPort: 8080
            hostPort: 80
      """,
    rule: .linux { pod, context in
      var evidence: [Evidence] = []
      let hostNetwork = pod.workload.pod.hostNetwork
      for index in pod.members.indices {
        for port in pod.members[index].container.ports {
          guard hostNetwork || (port.hostPort ?? 0) > 0 else { continue }
          let member = pod.members[index]
          let cause = hostNetwork ? "hostNetwork is true, so that port \(port.port)" : "hostPort \(port.hostPort ?? 0)"
          evidence.append(
            member.evidence(
              "container \(member.container.name): \(cause) is open at the node's address",
              fix: hostNetwork
                ? pod.patch("hostNetwork: false")
                : pod.patch(member, "ports:\n- containerPort: \(port.port)\n  hostPort: null")))
        }
      }
      return .from(evidence)
    }
  )
}
