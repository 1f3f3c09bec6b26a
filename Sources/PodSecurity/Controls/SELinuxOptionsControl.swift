import FleetModel

extension PodSecurityControl {
  static let seLinuxOptions = PodSecurityControl(
    "seLinuxOptions", title: "SELinux options", level: .baseline,
    rationale: "A type, user or role of one's own choice leaves the confinement that SELinux gives containers.",
    concerns: .seLinux,
    revisions: [
      Revision(since: 0) { pod in offence(in: pod, allowed: containerTypes) },
      Revision(since: 31) { pod in offence(in: pod, allowed: containerTypes + ["container_engine_t"]) },
    ],
    message: { offence in
      "seLinuxOptions: \(Wording.setters(offence)) \(offence.setterCount == 1 ? "sets" : "set") "
        + "forbidden securityContext.seLinuxOptions: \(Wording.plain(offence.values))"
    },
    fix: { offence in
      var patch = PodPatch()
      if offence.byPod { patch.setSecurityContext(["seLinuxOptions: null"]) }
      patch.setSecurityContext(of: offence.containers, level: .baseline, ["seLinuxOptions: null"])
      return patch.text
    })

  /// The types that container-selinux has for containers, systemd containers and virtual machines.
  private static let containerTypes = ["", "container_t", "container_init_t", "container_kvm_t"]

  private static func offence(in pod: JudgedPod, allowed: @autoclosure () -> [String]) -> Offence? {
    var offence = Offence()
    func isBad(_ options: SELinuxOptions) -> Bool {
      var isBad = false
      if let type = options.type, !allowed().contains(type) {
        isBad = true
        offence.add(value: "type \"\(type)\"")
      }
      if let user = options.user, !user.isEmpty {
        isBad = true
        offence.add(value: "user may not be set")
      }
      if let role = options.role, !role.isEmpty {
        isBad = true
        offence.add(value: "role may not be set")
      }
      return isBad
    }
    if let options = pod.spec.securityContext.seLinux { offence.byPod = isBad(options) }
    let places = pod.places { container in container.securityContext.seLinux.map(isBad) ?? false }
    offence.containers = places
    return offence.found
  }
}

extension Offence {
  var setterCount: Int { (byPod ? 1 : 0) + containers.count }
}
