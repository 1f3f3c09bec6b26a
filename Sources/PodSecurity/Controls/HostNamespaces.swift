import FleetModel

extension PodSecurityControl {
  static let hostNamespaces = PodSecurityControl(
    "hostNamespaces", title: "Host namespaces", level: .baseline,
    rationale: "A pod in the host's network, PID or IPC namespace sees and reaches the node's own processes.",
    concerns: .hostNamespaces,
    revisions: [
      Revision(since: 0) { pod in
        guard pod.spec.hostNetwork || pod.spec.hostPID || pod.spec.hostIPC else { return nil }
        var offence = Offence(byPod: true)
        if pod.spec.hostNetwork { offence.values.append("hostNetwork") }
        if pod.spec.hostPID { offence.values.append("hostPID") }
        if pod.spec.hostIPC { offence.values.append("hostIPC") }
        return offence
      }
    ],
    message: { "host namespaces: \($0.values.map { "\($0)=true" }.joined(separator: ", "))" },
    fix: { offence in
      var patch = PodPatch()
      patch.set(offence.values.map { "\($0): false" })
      return patch.text
    })
}
