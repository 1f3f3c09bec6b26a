import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let mountRace = Vector(
    code: "L44", title: "Racing runc's mounts with links (CVE-2021-30465)", severity: .high,
    explanation: """
      runc before 1.0.0-rc95 checks a mount's target and mounts later. A container that shares a volume with one being \
      started swaps a folder for a link in between and has the node's root mounted into it.
      """,
    mitigation: """
      Update runc to 1.0.0-rc95 or newer; do not mount volumes inside of shared writable volumes.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2021-30465", "github.com/opencontainers/runc/security/advisories/GHSA-c3xm-pvg7-gh7r"],
    signature: [
      .call("symlink", arguments: "in a shared volume while a container starts"),
      .call("renameat2", arguments: "RENAME_EXCHANGE"),
    ],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        initContainers:
        - name: fetch
          image: example.com/fetch:1
          volumeMounts:
          - name: work
            mountPath: /work
        containers:
        - name: app
          image: example.com/app:1
          volumeMounts:
          - name: work
            mountPath: /work
        volumes:
        - name: work
          emptyDir: {}
      """,
    rule: .linux { pod, context in
      guard context.linux[.runcMounts] != .no else { return .closed }
      let volumes = pod.sharedVolumes.map(\.volume) + pod.subPaths.map(\.volume)
      guard !volumes.isEmpty else { return .closed }
      return context.linux[.runcMounts].assessment { seen in
        Set(volumes).sorted().map { volume in
          Evidence(
            message: "the writable volume \(volume) is shared or mounted in part by subPath; \(seen)",
            fix: "update runc on the nodes to 1.0.0 or newer")
        }
      }
    }
  )
}
