import FleetModel

extension PodSecurityControl {
  static let privileged = PodSecurityControl(
    "privileged", title: "Privileged containers", level: .baseline,
    rationale: "A privileged container has all capabilities and devices and no seccomp, AppArmor or masks.",
    concerns: .privileged,
    revisions: [
      Revision(since: 0) { pod in
        Offence(containers: pod.places { $0.securityContext.privileged == true }).found
      }
    ],
    message: { "privileged: \(Wording.containers($0.containers)) must not set securityContext.privileged=true" },
    fix: { offence in
      var patch = PodPatch()
      patch.setSecurityContext(of: offence.containers, level: .baseline, ["privileged: false"])
      return patch.text
    })
}
