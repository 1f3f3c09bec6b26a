import FleetModel

extension PodSecurityControl {
  static let allowPrivilegeEscalation = PodSecurityControl(
    "allowPrivilegeEscalation", title: "Privilege escalation off", level: .restricted,
    rationale: "Without no_new_privs a set-user-ID program makes a container's user root.",
    concerns: .escalation,
    revisions: [
      Revision(since: 8) { pod in offence(in: pod) },
      Revision(since: 25) { pod in pod.isWindows ? nil : offence(in: pod) },
    ],
    message: {
      "allowPrivilegeEscalation != false: \(Wording.containers($0.lacking)) must set "
        + "securityContext.allowPrivilegeEscalation=false"
    },
    fix: { offence in
      var patch = PodPatch()
      patch.setSecurityContext(of: offence.lacking, level: .restricted, ["allowPrivilegeEscalation: false"])
      return patch.text
    })

  private static func offence(in pod: JudgedPod) -> Offence? {
    Offence(lacking: pod.places { $0.securityContext.allowPrivilegeEscalation != false }).found
  }
}
