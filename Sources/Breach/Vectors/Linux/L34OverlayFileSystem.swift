import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let overlayFileSystem = Vector(
    code: "L34", title: "Carrying a set-uid program out through OverlayFS", severity: .high,
    explanation: """
      Flawed kernels keep the set-uid bit or file capabilities when OverlayFS copies a file up from a file system of a \
      user namespace. An attacker so places a program of root's that he wrote himself.
      """,
    mitigation: """
      Set the seccomp profile RuntimeDefault and drop SYS_ADMIN; update the kernel.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2023-0386", "CVE-2023-2640"],
    signature: [
      .call("unshare", arguments: "CLONE_NEWUSER with CLONE_NEWNS"), .call("mount", arguments: "type overlay"),
      .call("setxattr", arguments: "security.capability"),
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
      ---
      apiVersion: v1
      kind: Node
      metadata:
        name: node-1
      status:
        nodeInfo:
          kernelVersion: 5.15.80
          containerRuntimeVersion: containerd://1.6.0
          kubeletVersion: v1.27.0
      """,
    rule: .linux { pod, context in
      let byNamespace = context.letsAnybodyMakeUserNamespaces
      return pod.assess(node: pod.kernelFlaw(.overlay, context)) { container, _ in
        container.mayGain(.sysAdmin) ? .yes : byNamespace ? .syscall(container) : .no
      } evidence: { member, seen in
        pod.kernelEvidence(member, .sysAdmin, seen)
      }
    }
  )
}
