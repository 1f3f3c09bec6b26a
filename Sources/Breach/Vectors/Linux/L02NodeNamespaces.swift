import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let nodeNamespaces = Vector(
    code: "L02", title: "Entering the namespaces of the node's first process", severity: .critical,
    explanation: """
      With hostPID the container sees process 1 of the node. With SYS_ADMIN and SYS_PTRACE an attacker joins its \
      namespaces by setns, as nsenter does, and works on the node as root.
      """,
    mitigation: """
      Set hostPID: false and drop all capabilities. Enforce Pod Security "baseline".
      """,
    attack: ["T1611"],
    references: [
      "kubernetes.io/docs/concepts/security/pod-security-standards", "kubehound.io/reference/attacks/CE_NSENTER",
      "github.com/falcosecurity/rules",
    ],
    signature: [
      .call("setns", arguments: "a descriptor of /proc/1/ns/* or of a pidfd"), .open("/proc/1/ns/*"),
      .call("pidfd_open", arguments: "a process of the node"),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        hostPID: true
        containers:
        - name: app
          image: example.com/app:1
          securityContext:
            privileged: true
      """,
    rule: .linux { pod, context in
      guard pod.workload.pod.hostPID, pod.hasNodeUsers(context) else { return .closed }
      // Opening /proc/1/ns needs SYS_PTRACE and joining needs SYS_ADMIN: either alone is refused.
      return pod.assess({ container, _ in
        .when(container.mayGain(.sysAdmin) && container.mayGain(.sysPtrace))
      }) { member, _ in
        member.evidence(
          "\(member.origin(of: .sysAdmin)); hostPID is true, so that it joins the namespaces of the node's process 1",
          fix: pod.patch("hostPID: false"))
      }
    }
  )
}
