import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let releaseAgent = Vector(
    code: "L06", title: "Running a program on the node through cgroup v1's release_agent", severity: .critical,
    explanation: """
      With SYS_ADMIN an attacker mounts a cgroup v1 hierarchy and names a program as its release_agent. The kernel \
      runs that program on the node as root when the cgroup empties.
      """,
    mitigation: """
      Drop SYS_ADMIN; move the nodes to cgroup v2, which has no release_agent.
      """,
    attack: ["T1611"],
    references: [
      "github.com/cdk-team/CDK/wiki/Exploit:-mount-cgroup", "github.com/falcosecurity/rules",
      "man7.org/linux/man-pages/man7/cgroups.7.html",
    ],
    signature: [
      .call("mount", arguments: "type cgroup"), .open("*/release_agent", write: true),
      .open("*/notify_on_release", write: true),
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
          securityContext:
            capabilities:
              add: [SYS_ADMIN]
      """,
    rule: .linux { pod, context in
      guard pod.hasNodeUsers(context) else { return .closed }
      return pod.assess(node: context.cgroupV1 && pod.unconfined(context) { $0.mayGain(.sysAdmin) }) { container, _ in
        .when(container.mayGain(.sysAdmin))
      } evidence: { member, _ in
        pod.evidence(member, .sysAdmin, "it mounts a cgroup v1 hierarchy and writes its release_agent")
      }
    }
  )
}
