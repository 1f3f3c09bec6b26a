import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let imageVolumes = Vector(
    code: "L48", title: "Copying files of the node by an image's volumes (CVE-2022-23648)", severity: .high,
    explanation: """
      Old containerd versions follow .. in the volume paths of an image when they fill such a volume. An image then \
      starts with copies of any files of the node, keys included.
      """,
    mitigation: """
      Update containerd to 1.6.1, 1.5.10 or 1.4.13; run images of trusted origin alone.
      """,
    attack: ["T1611", "T1552.001"],
    references: [
      "CVE-2022-23648", "github.com/containerd/containerd/security/advisories/GHSA-crp2-qrr5-8pq7",
      "hub.armosec.io/docs/c-0087",
    ],
    signature: [.state("an image whose configuration has a volume path with ..")],
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
      context.linux[.containerdVolumes].assessment { seen in
        [
          Evidence(
            message: "\(seen): an image with a crafted volume path copies files of the node into its container",
            fix: "update containerd on the nodes to 1.6.1, 1.5.10 or 1.4.13")
        ]
      }
    }
  )
}
