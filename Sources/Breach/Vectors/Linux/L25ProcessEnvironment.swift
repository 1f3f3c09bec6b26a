import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let processEnvironment = Vector(
    code: "L25", title: "Reading a neighbour container's memory and secrets", severity: .medium,
    explanation: """
      With shareProcessNamespace and the same uid, one container of a pod reads the environment and the files of \
      another, the sidecar's keys included. A foothold in the least of them is one in all.
      """,
    mitigation: """
      Set shareProcessNamespace: false, or give each container a uid of its own.
      """,
    attack: ["T1003.007", "T1055.008"],
    references: [
      "kubehound.io/reference/attacks/SHARE_PS_NAMESPACE",
      "kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace",
    ],
    signature: [.open("/proc/*/environ"), .open("/proc/*/root/*"), .open("/proc/*/fd/*")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        shareProcessNamespace: true
        containers:
        - name: app
          image: example.com/app:1
        - name: agent
          image: example.com/agent:1
      """,
    escape: Escape(closedBy: .harden, scenery: .neighbour) { pod in
      pod.shareProcessNamespace = true
    },
    rule: .linux { pod, context in
      guard pod.workload.pod.shareProcessNamespace, !pod.workload.pod.hostPID else { return .closed }
      let containers = pod.members.filter { $0.role != .initial }.map(\.effective)
      // A single container still meets the sidecar or the debug container that is added to it.
      let apart =
        containers.count > 1 && !containers.contains(where: \.mayBeRoot)
        && Set(containers.map(\.uid)).count == containers.count
      guard !apart else { return .closed }
      return .open([
        Evidence(
          message: "shareProcessNamespace is true and its containers are not kept apart by users of their own: one "
            + "reads the environment, the memory and the files of another",
          fix: pod.patch("shareProcessNamespace: false"))
      ])
    }
  )
}
