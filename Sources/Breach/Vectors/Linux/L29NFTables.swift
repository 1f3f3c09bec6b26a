import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let netfilterTables = Vector(
    code: "L29", title: "Using flaws of nf_tables", severity: .high,
    explanation: """
      nf_tables had several flaws that make a local user root of the node. They need NET_ADMIN in any network \
      namespace, which a container has by that capability or gives itself in a user namespace.
      """,
    mitigation: """
      Set the seccomp profile RuntimeDefault and drop NET_ADMIN; keep the kernel current.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2022-25636", "CVE-2023-32233", "CVE-2024-1086"],
    signature: [
      .call("socket", arguments: "AF_NETLINK, NETLINK_NETFILTER"),
      .call("unshare", arguments: "CLONE_NEWUSER with CLONE_NEWNET"),
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
      return pod.assess(node: pod.kernelFlaw(.nfTables, context)) { container, isMesh in
        // A mesh's own init container writes the capture rules: that is what it is for.
        container.mayGain(.netAdmin) && !isMesh ? .yes : byNamespace ? .syscall(container) : .no
      } evidence: { member, seen in
        pod.kernelEvidence(member, .netAdmin, seen)
      }
    }
  )
}
