import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let procRootOfNode = Vector(
    code: "L03", title: "Reading the node through /proc/1/root", severity: .critical,
    explanation: """
      With hostPID the container sees the node's processes. With CAP_SYS_PTRACE, or the same uid as a node process, \
      it follows /proc/PID/root into the node's files and reads secrets from /proc/PID/environ.
      """,
    mitigation: """
      Set hostPID: false and drop all capabilities.
      """,
    attack: ["T1611"], references: [],
    signature: [],
    example: "",
    escape: Escape(closedBy: .harden, scenery: .nodeProcess) { pod in
      pod.hostPID = true
      for index in pod.containers.indices { pod.containers[index].securityContext.addedCapabilities.append("SYS_PTRACE") }
    },
    rule: .pod { pod, context in .closed }
  )
}
