import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let fileSystemContext = Vector(
    code: "L27", title: "Overflowing the kernel's file system parameters (CVE-2022-0185)", severity: .high,
    explanation: """
      A parameter of fsconfig overflows a buffer of older kernels. Root of any user namespace may call it, so a \
      container without a seccomp profile becomes root of the node.
      """,
    mitigation: """
      Set the seccomp profile RuntimeDefault and drop SYS_ADMIN; update the kernel to 5.16.2, 5.15.16, 5.10.93 or \
      5.4.173.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2022-0185", "hub.armosec.io/docs/c-0079"],
    signature: [
      .call("unshare", arguments: "CLONE_NEWUSER"), .call("fsopen"),
      .call("fsconfig", arguments: "FSCONFIG_SET_STRING"),
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
          kernelVersion: 5.10.90
          containerRuntimeVersion: containerd://1.6.0
          kubeletVersion: v1.27.0
      """,
    rule: .linux { pod, context in
      let byNamespace = context.letsAnybodyMakeUserNamespaces
      return pod.assess(node: pod.kernelFlaw(.fsconfig, context)) { container, _ in
        container.mayGain(.sysAdmin) ? .yes : byNamespace ? .syscall(container) : .no
      } evidence: { member, seen in
        pod.kernelEvidence(member, .sysAdmin, seen)
      }
    }
  )
}
