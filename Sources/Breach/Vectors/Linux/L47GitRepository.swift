import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let gitRepository = Vector(
    code: "L47", title: "Running a repository's hooks on the node (CVE-2024-10220)", severity: .high,
    explanation: """
      The kubelet fills a gitRepo volume by running git on the node as root. Hooks in the repository run there, and a \
      local path as its address shows the repositories of other pods.
      """,
    mitigation: """
      Clone in an init container into an emptyDir; refuse gitRepo volumes by admission policy.
      """,
    attack: ["T1611", "T1068"],
    references: [
      "CVE-2024-10220", "CVE-2025-1767", "github.com/kubernetes/kubernetes/issues/128885",
      "github.com/kubernetes/enhancements/issues/5040",
    ],
    signature: [.state("git, or a hook of a repository, started by the kubelet"), .execute("git")],
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
          - name: source
            mountPath: /source
        volumes:
        - name: source
          gitRepo:
            repository: https://example.com/site.git
            directory: .
      ---
      apiVersion: v1
      kind: Node
      metadata:
        name: node-1
      status:
        nodeInfo:
          kernelVersion: 5.10.90
          containerRuntimeVersion: containerd://1.6.0
          kubeletVersion: v1.29.6
      """,
    rule: .linux { pod, context in
      let volumes = pod.workload.pod.volumes.filter { if case .gitRepo = $0.source { true } else { false } }
      guard !volumes.isEmpty else { return .closed }
      return context.linux[.gitRepo].assessment { seen in
        volumes.map { volume in
          Evidence(
            message: "the volume \(volume.name) is a gitRepo; \(seen)",
            fix: pod.patch("volumes:\n- name: \(volume.name.yamlScalar)\n  gitRepo: null\n  emptyDir: {}"))
        }
      }
    }
  )
}
