import FleetModel

extension PodSecurityControl {
  static let windowsHostProcess = PodSecurityControl(
    "windowsHostProcess", title: "Windows HostProcess", level: .baseline,
    rationale: "A HostProcess container is a process of the Windows node, not a container.",
    concerns: .hostProcess,
    revisions: [
      Revision(since: 0) { pod in
        Offence(
          byPod: pod.spec.securityContext.windowsHostProcess == true,
          containers: pod.places { $0.securityContext.windowsHostProcess == true }
        ).found
      }
    ],
    message: { "hostProcess: \(Wording.setters($0)) must not set securityContext.windowsOptions.hostProcess=true" },
    fix: { offence in
      let lines = ["windowsOptions:", "  hostProcess: false"]
      var patch = PodPatch()
      if offence.byPod { patch.setSecurityContext(lines) }
      patch.setSecurityContext(of: offence.containers, level: .baseline, lines)
      return patch.text
    })
}
