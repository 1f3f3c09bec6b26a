import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let userNamespaces = Vector(
    code: "L28", title: "Reaching rarely used kernel code through a user namespace", severity: .medium,
    explanation: """
      Without a seccomp profile every process makes itself root of a new user namespace. From there it reaches file \
      system and network code of the kernel that is open to root alone, where most of the local flaws lie.
      """,
    mitigation: """
      Set the seccomp profile RuntimeDefault, or forbid unprivileged user namespaces on the nodes.
      """,
    attack: ["T1611", "T1068"],
    references: [
      "man7.org/linux/man-pages/man7/user_namespaces.7.html",
      "github.com/cilium/tetragon (kill_unprivileged_user_namespace)", "github.com/falcosecurity/rules",
    ],
    signature: [
      .call("unshare", arguments: "CLONE_NEWUSER"), .call("clone", arguments: "CLONE_NEWUSER"),
      .call("clone3", arguments: "CLONE_NEWUSER"),
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
      """,
    rule: .linux { pod, context in
      guard context.letsAnybodyMakeUserNamespaces else { return .closed }
      return pod.assess({ container, _ in .syscall(container) }) { member, _ in
        member.evidence(
          "\(member.seccompText): it becomes root of a new user namespace", fix: pod.patchSeccomp(member))
      }
    }
  )
}
