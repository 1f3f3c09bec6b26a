import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let dockerOverTCP = Vector(
    code: "L21", title: "Steering Docker over TCP port 2375", severity: .critical,
    explanation: """
      A Docker daemon that listens on TCP port 2375 obeys everybody who reaches it. An attacker starts a privileged \
      container with the disk of the machine on which the daemon runs.
      """,
    mitigation: """
      Bind the daemon to a unix socket or demand client certificates on 2376; deny egress to port 2375 by \
      NetworkPolicy.
      """,
    attack: ["T1611", "T1610", "T1133"],
    references: [
      "docs.docker.com/engine/security/protect-access", "github.com/cdk-team/CDK/wiki/Exploit:-docker-api-pwn",
    ],
    signature: [.connect("*:2375")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
          env:
          - name: DOCKER_HOST
            value: tcp://10.0.0.4:2375
      """,
    rule: .linux { pod, context in
      var evidence: [Evidence] = []
      for index in pod.members.indices {
        guard let what = dockerAddress(in: pod.members[index].container) else { continue }
        let member = pod.members[index]
        evidence.append(
          member.evidence(
            "container \(member.container.name): \(what): whoever reaches that port steers the daemon",
            fix: pod.patch(member, "env:\n- name: DOCKER_HOST\n  value: tcp://localhost:2376")))
      }
      if !evidence.isEmpty { return .open(evidence) }
      if let runtime = context.nodeFacts.runtime, runtime != "docker" { return .closed }
      guard pod.mayReachNodes(port: 2375, context) else { return .closed }
      return .unknown(because: "whether a Docker daemon of a node listens on port 2375 is not in the input")
    }
  )

  /// What shows that a daemon listens without authentication: a client's address, or a port that a container declares.
  private static func dockerAddress(in container: Container) -> String? {
    for index in container.environment.indices where container.environment[index].name == "DOCKER_HOST" {
      if case .literal(let value) = container.environment[index].source, value.hasPrefix("tcp://"),
        value.hasSuffix(":2375")
      {
        return "DOCKER_HOST is \(value)"
      }
    }
    for index in container.ports.indices where container.ports[index].port == 2375 { return "it declares port 2375" }
    return nil
  }
}
