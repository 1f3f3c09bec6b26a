import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let releaseAgentByUserNamespace = Vector(
    code: "L07", title: "Writing release_agent from a user namespace (CVE-2022-0492)", severity: .high,
    explanation: """
      Old kernels let root of any user namespace write the release_agent of a cgroup v1 hierarchy. A container without \
      a seccomp profile makes such a namespace and so runs a program on the node.
      """,
    mitigation: """
      Set the seccomp profile RuntimeDefault; update the kernel; move the nodes to cgroup v2.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2022-0492", "unit42.paloaltonetworks.com/cve-2022-0492-cgroups"],
    signature: [
      .call("unshare", arguments: "CLONE_NEWUSER with CLONE_NEWCGROUP"), .open("*/release_agent", write: true),
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
      guard context.letsAnybodyMakeUserNamespaces else { return .closed }
      let root: @Sendable (EffectiveContainer) -> Bool = { $0.mayBeRoot && $0.seccomp != .runtimeDefault }
      let node = pod.kernelFlaw(.releaseAgent, context) && context.cgroupV1
      return pod.assess(node: node && pod.unconfined(context, where: root)) { container, _ in
        container.mayBeRoot ? .syscall(container) : .no
      } evidence: { member, _ in
        member.evidence(
          "\(member.seccompText): it makes a user namespace and writes release_agent (CVE-2022-0492)",
          fix: pod.patchSeccomp(member))
      }
    }
  )
}
