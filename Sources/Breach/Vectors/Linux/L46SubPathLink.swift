import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let subPathLink = Vector(
    code: "L46", title: "Leaving a volume by a link under a subPath (CVE-2021-25741)", severity: .high,
    explanation: """
      Old kubelets resolve a subPath inside a volume that a container can change at the same time. The attacker swaps \
      the folder for a link and finds a folder of the node mounted instead.
      """,
    mitigation: """
      Update the kubelet to 1.22.2, 1.21.5, 1.20.11 or 1.19.15; avoid subPath on volumes that containers write.
      """,
    attack: ["T1611", "T1068"],
    references: [
      "CVE-2021-25741", "CVE-2017-1002101", "github.com/kubernetes/kubernetes/issues/104980",
      "hub.armosec.io/docs/c-0058",
    ],
    signature: [
      .call("symlink", arguments: "in a volume that is mounted by subPath"),
      .call("renameat2", arguments: "RENAME_EXCHANGE"),
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
          volumeMounts:
          - name: data
            mountPath: /data
            subPath: tenant
        volumes:
        - name: data
          emptyDir: {}
      ---
      apiVersion: v1
      kind: Node
      metadata:
        name: node-1
      status:
        nodeInfo:
          kernelVersion: 5.10.90
          containerRuntimeVersion: containerd://1.6.0
          kubeletVersion: v1.21.4
      """,
    rule: .linux { pod, context in
      guard context.linux[.kubeletSubPath] != .no else { return .closed }
      let mounts = pod.subPaths
      guard !mounts.isEmpty else { return .closed }
      return context.linux[.kubeletSubPath].assessment { seen in
        mounts.map { member, volume, path in
          pod.members[member].evidence(
            "container \(pod.members[member].container.name): mounts \(volume) with subPath \(path); \(seen)",
            fix: "update the kubelet to 1.22.2, 1.21.5, 1.20.11 or 1.19.15")
        }
      }
    }
  )
}
