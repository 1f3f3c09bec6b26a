import FleetModel

extension PodSecurityControl {
  static let procMount = PodSecurityControl(
    "procMount", title: "/proc mount type", level: .baseline,
    rationale: "An unmasked /proc shows kernel memory, keys and switches of the node.",
    concerns: .procMount,
    revisions: [
      Revision(since: 0) { pod in unmasked(in: pod) },
      Revision(since: 35) { pod in pod.hasUserNamespace ? nil : unmasked(in: pod) },
    ],
    message: { unmaskedMessage($0) },
    fix: { maskedAgain($0, level: .baseline) })

  /// Until v1.34 the baseline control said the same; from v1.35 on that one lets pods in a user namespace be.
  static let restrictedProcMount = PodSecurityControl(
    "procMount_restricted", title: "/proc mount type, in a user namespace too", level: .restricted,
    rationale: "An unmasked /proc shows kernel memory, keys and switches of the node.",
    overrides: "procMount",
    concerns: .procMount,
    revisions: [Revision(since: 35) { pod in unmasked(in: pod) }],
    message: { unmaskedMessage($0) },
    fix: { maskedAgain($0, level: .restricted) })

  private static func unmasked(in pod: JudgedPod) -> Offence? {
    var offence = Offence()
    pod.visitContainers { container, list in
      guard let type = container.securityContext.procMount, type != "Default" else { return }
      offence.containers.append(ContainerPlace(list: list, name: container.name))
      offence.add(value: type)
    }
    return offence.found
  }

  private static func unmaskedMessage(_ offence: Offence) -> String {
    "procMount: \(Wording.containers(offence.containers)) must not set securityContext.procMount to "
      + Wording.list(offence.values)
  }

  private static func maskedAgain(_ offence: Offence, level: PodSecurityLevel) -> String {
    var patch = PodPatch()
    patch.setSecurityContext(of: offence.containers, level: level, ["procMount: Default"])
    return patch.text
  }
}
