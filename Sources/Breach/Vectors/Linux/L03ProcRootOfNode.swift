import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let procRootOfNode = Vector(
    code: "L03", title: "Reading the node through /proc/1/root", severity: .critical,
    explanation: """
      With hostPID the container sees the node's processes. With CAP_SYS_PTRACE, or the same uid as a node process, it \
      follows /proc/PID/root into the node's files and reads secrets from /proc/PID/environ.
      """,
    mitigation: """
      Set hostPID: false and drop all capabilities.
      """,
    attack: ["T1611", "T1003.007"],
    references: [
      "kubernetes.io/docs/concepts/security/pod-security-standards", "man7.org/linux/man-pages/man2/ptrace.2.html",
    ],
    signature: [.open("/proc/1/root/*"), .open("/proc/*/root/*"), .open("/proc/*/environ")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        hostPID: true
        containers:
        - name: app
          image: example.com/app:1
          securityContext:
            capabilities:
              add: [SYS_PTRACE]
      """,
    escape: Escape(closedBy: .harden, scenery: .nodeProcess) { pod in
      pod.hostPID = true
      for index in pod.containers.indices {
        pod.containers[index].securityContext.addedCapabilities.append("SYS_PTRACE")
      }
    },
    rule: .linux { pod, context in
      guard pod.workload.pod.hostPID, pod.hasNodeUsers(context) else { return .closed }
      let traced = pod.assess({ container, _ in .when(container.mayGain(.sysPtrace)) }) { member, _ in
        member.evidence(
          "\(member.origin(of: .sysPtrace)); hostPID is true, so that it reads the node's files at /proc/1/root",
          fix: pod.patch("hostPID: false"))
      }
      guard traced == .closed else { return traced }
      return .unknown(
        because: "hostPID is true, and whether processes of the containers' users run on the nodes is not in the input")
    }
  )
}
