import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let sysctlInjection = Vector(
    code: "L45", title: "Setting the node's kernel parameters through CRI-O (CVE-2022-0811)", severity: .critical,
    explanation: """
      CRI-O from 1.19 hands the pod's sysctls to a helper that takes a + in a value as the start of another parameter. \
      A pod so sets kernel.core_pattern of the node and runs a program there as root.
      """,
    mitigation: """
      Update CRI-O; refuse sysctl values with + or = by admission policy.
      """,
    attack: ["T1611", "T1068"],
    references: ["CVE-2022-0811", "github.com/cri-o/cri-o/security/advisories/GHSA-6x2m-w449-qwx7"],
    signature: [.open("/proc/sys/kernel/core_pattern", write: true), .state("a pod whose sysctl value contains +")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        securityContext:
          sysctls:
          - name: kernel.shm_rmid_forced
            value: "1+kernel.core_pattern=|/var/lib/x"
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
          containerRuntimeVersion: cri-o://1.23.1
          kubeletVersion: v1.27.0
      """,
    rule: .linux { pod, context in
      guard !pod.workload.pod.securityContext.sysctls.isEmpty else { return .closed }
      let names = pod.workload.pod.securityContext.sysctls.filter { $0.value.contains("+") }.keys.sorted()
      guard !names.isEmpty else { return .closed }
      return context.linux[.crioSysctl].assessment { seen in
        names.map { name in
          Evidence(
            message: "securityContext.sysctls: the value of \(name) contains +; \(seen)",
            fix: pod.patch("securityContext:\n  sysctls:\n  - $patch: delete\n    name: \(name.yamlScalar)"))
        }
      }
    }
  )
}
