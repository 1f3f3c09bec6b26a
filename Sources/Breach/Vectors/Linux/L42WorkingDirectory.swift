import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let workingDirectory = Vector(
    code: "L42", title: "Starting in a folder of the node by a leaked descriptor (CVE-2024-21626)", severity: .critical,
    explanation: """
      runc from 1.0.0-rc93 to 1.1.11 leaves a descriptor of a folder of the node open while it starts a container. A \
      working directory of /proc/self/fd/N, in the manifest, the image or an exec, puts the process into that folder.
      """,
    mitigation: """
      Update runc to 1.1.12; refuse working directories below /proc by admission policy.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2024-21626", "github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv"],
    signature: [.call("chdir", arguments: "/proc/self/fd/*"), .open("/proc/self/fd/*")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: example.com/app:1
          workingDir: /proc/self/fd/7
      """,
    rule: .linux { pod, context in
      context.linux[.runcWorkingDirectory].assessment { seen in
        pod.members.map { member in
          let container = member.container
          let written = container.workingDir.map { $0.hasPrefix("/proc/") } ?? false
          let how =
            written ? "workingDir is \(container.workingDir ?? "")" : "its image or an exec chooses the folder"
          return member.evidence(
            "container \(container.name): \(seen); \(how)",
            fix: "update runc on the nodes to 1.1.12 or newer" + (written ? ", and set workingDir to /" : ""))
        }
      }
    }
  )
}
