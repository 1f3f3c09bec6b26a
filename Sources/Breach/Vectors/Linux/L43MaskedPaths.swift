import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let maskedPaths = Vector(
    code: "L43", title: "Turning runc's masks against the node (CVE-2025-31133)", severity: .high,
    explanation: """
      While runc masks paths and binds /dev/console, a container that shares a volume with the one being started swaps \
      those files for links. runc then binds or writes files of the node's /proc, such as core_pattern.
      """,
    mitigation: """
      Update runc to 1.2.8, 1.3.3 or 1.4.0-rc.3; set hostUsers: false; do not let containers share writable volumes.
      """,
    attack: ["T1611", "T1068"],
    references: [
      "CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881",
      "github.com/opencontainers/runc/security/advisories/GHSA-9493-h29p-rfm2", "lwn.net/Articles/1050887",
    ],
    signature: [
      .call("symlink", arguments: "over /dev/null, /dev/console or /dev/pts/*"), .open("/proc/sys/*", write: true),
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
      guard context.linux[.runcMaskedPaths] != .no, pod.hasNodeUsers(context) else { return .closed }
      let shared = pod.sharedVolumes
      guard !shared.isEmpty else { return .closed }
      return context.linux[.runcMaskedPaths].assessment { seen in
        shared.map { volume, members in
          Evidence(
            message: "\(pod.names(members)) share the writable volume \(volume); \(seen)",
            fix: "update runc on the nodes to 1.2.8, 1.3.3 or 1.4.0-rc.3")
        }
      }
    }
  )
}
