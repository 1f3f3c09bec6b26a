import FleetModel

extension PodSecurityControl {
  static let baselineSeccompProfile = PodSecurityControl(
    "seccompProfile_baseline", title: "Seccomp profile not unconfined", level: .baseline,
    rationale: "Without seccomp every system call of the node's kernel is open to a container.",
    concerns: [.unconfined, .annotations],
    revisions: [
      Revision(since: 0) { pod in
        pod.annotations.isEmpty ? nil : annotated(pod)
      },
      Revision(since: 19) { pod in
        Offence.unconfined(in: pod).found
      },
    ],
    message: { offence in
      guard offence.annotations.isEmpty else {
        return "seccompProfile: forbidden \(Wording.some("annotation", offence.annotations.count)) "
          + Wording.plain(offence.values)
      }
      return "seccompProfile: \(Wording.setters(offence)) must not set securityContext.seccompProfile.type to "
        + Wording.list(offence.values)
    },
    fix: { offence in
      var patch = PodPatch()
      patch.remove(annotations: offence.annotations)
      patch.setSeccomp(offence, level: .baseline)
      return patch.text
    })

  /// Before 1.19 there were only annotations.
  private static func annotated(_ pod: JudgedPod) -> Offence? {
    var offence = Offence()
    func look(_ key: String) {
      guard let value = pod.annotations[key], !isAllowedSeccomp(value), !offence.annotations.contains(key) else {
        return
      }
      offence.annotations.append(key)
      offence.add(value: "\(key)=\"\(value)\"")
    }
    look("seccomp.security.alpha.kubernetes.io/pod")
    pod.visitContainers { container, list in
      let before = offence.annotations.count
      look("container.seccomp.security.alpha.kubernetes.io/" + container.name)
      guard offence.annotations.count > before else { return }
      offence.containers.append(ContainerPlace(list: list, name: container.name))
    }
    return offence.found
  }

  private static func isAllowedSeccomp(_ value: String) -> Bool {
    value == "runtime/default" || value == "docker/default" || value.hasPrefix("localhost/")
  }
}

extension Offence {
  static func unconfined(in pod: JudgedPod) -> Offence {
    var offence = Offence()
    if let type = forbidden(pod.spec.securityContext.seccomp) {
      offence.byPod = true
      offence.add(value: type)
    }
    offence.containers = pod.places { container in
      guard let type = forbidden(container.securityContext.seccomp) else { return false }
      offence.add(value: type)
      return true
    }
    return offence
  }

  private static func forbidden(_ profile: SeccompProfile?) -> String? {
    switch profile {
    case .unconfined: "Unconfined"
    case .other(let type): type
    case nil, .runtimeDefault, .localhost: nil
    }
  }
}

extension PodPatch {
  mutating func setSeccomp(_ offence: Offence, level: PodSecurityLevel) {
    let profile = ["seccompProfile:", "  type: RuntimeDefault"]
    // Where containers only lack one, the pod's own profile does for all.
    if offence.byPod || !offence.lacking.isEmpty { setSecurityContext(profile) }
    guard offence.annotations.isEmpty else { return }
    setSecurityContext(of: offence.containers, level: level, profile)
  }
}
