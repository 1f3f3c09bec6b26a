import FleetModel

extension PodSecurityControl {
  static let restrictedSeccompProfile = PodSecurityControl(
    "seccompProfile_restricted", title: "Seccomp profile set", level: .restricted,
    rationale: "Without a profile the kubelet leaves a container unconfined unless it was told otherwise.",
    overrides: "seccompProfile_baseline",
    concerns: [.unconfined, .withoutSeccomp],
    revisions: [
      Revision(since: 19) { pod in offence(in: pod) },
      Revision(since: 25) { pod in pod.isWindows ? nil : offence(in: pod) },
    ],
    message: { offence in
      var parts: [String] = []
      if offence.setterCount > 0 {
        parts.append(
          "\(Wording.setters(offence)) must not set securityContext.seccompProfile.type to "
            + Wording.list(offence.values))
      }
      if !offence.lacking.isEmpty {
        parts.append(
          "the pod or \(Wording.containers(offence.lacking)) must set securityContext.seccompProfile.type to "
            + "\"RuntimeDefault\" or \"Localhost\"")
      }
      return "seccompProfile: " + parts.joined(separator: "; ")
    },
    fix: { offence in
      var patch = PodPatch()
      patch.setSeccomp(offence, level: .restricted)
      return patch.text
    })

  private static func offence(in pod: JudgedPod) -> Offence? {
    var offence = Offence.unconfined(in: pod)
    let isSet = pod.spec.securityContext.seccomp != nil && !offence.byPod
    if !isSet { offence.lacking = pod.places { $0.securityContext.seccomp == nil } }
    return offence.found
  }
}
