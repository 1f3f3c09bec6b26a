import FleetModel

extension PodSecurityControl {
  static let runAsUser = PodSecurityControl(
    "runAsUser", title: "No root user id", level: .restricted,
    rationale: "User 0 in a container is user 0 on the node, without a user namespace.",
    concerns: .userID,
    revisions: [
      Revision(since: 23) { pod in offence(in: pod) },
      Revision(since: 35) { pod in pod.hasUserNamespace ? nil : offence(in: pod) },
    ],
    message: { "runAsUser=0: \(Wording.setters($0)) must not set securityContext.runAsUser=0" },
    fix: { offence in
      var patch = PodPatch()
      patch.comment("any user but 0 that the image can run as; null leaves it to the image")
      if offence.byPod { patch.setSecurityContext(["runAsUser: null"]) }
      patch.setSecurityContext(of: offence.containers, level: .restricted, ["runAsUser: null"])
      return patch.text
    })

  private static func offence(in pod: JudgedPod) -> Offence? {
    Offence(
      byPod: pod.spec.securityContext.runAsUser == 0, containers: pod.places { $0.securityContext.runAsUser == 0 }
    ).found
  }
}
