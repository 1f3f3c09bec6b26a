import FleetModel

extension PodSecurityControl {
  static let appArmorProfile = PodSecurityControl(
    "appArmorProfile", title: "AppArmor profile", level: .baseline,
    rationale: "Without the runtime's AppArmor profile a container may mount, trace and write what it masks.",
    concerns: [.appArmor, .annotations],
    revisions: [
      Revision(since: 0) { pod in
        var offence = Offence()
        // The field counts in every version, although it exists since 1.30 only.
        if let type = forbidden(pod.spec.securityContext.appArmor) {
          offence.byPod = true
          offence.add(value: type)
        }
        offence.containers = pod.places { container in
          guard let type = forbidden(container.securityContext.appArmor) else { return false }
          offence.add(value: type)
          return true
        }
        for (key, value) in pod.annotations
        where key.hasPrefix("container.apparmor.security.beta.kubernetes.io/") && !isAllowed(value) {
          offence.annotations.append(key)
          offence.add(value: "\(key)=\(value)")
        }
        return offence.found
      }
    ],
    message: { offence in
      let setters = Wording.setters(offence)
      let annotations = offence.annotations.isEmpty ? "" : Wording.some("annotation", offence.annotations.count)
      let all = [setters, annotations].filter { !$0.isEmpty }.joined(separator: " and ")
      return "forbidden AppArmor profile: \(all) must not set \(Wording.list(offence.values))"
    },
    fix: { offence in
      var patch = PodPatch()
      patch.remove(annotations: offence.annotations)
      if offence.byPod { patch.setSecurityContext(profile) }
      patch.setSecurityContext(of: offence.containers, level: .baseline, profile)
      return patch.text
    })

  private static let profile = ["appArmorProfile:", "  type: RuntimeDefault"]

  private static func forbidden(_ profile: AppArmorProfile?) -> String? {
    switch profile {
    case .unconfined: "Unconfined"
    case .other(let type): type
    case nil, .runtimeDefault, .localhost: nil
    }
  }

  private static func isAllowed(_ value: String) -> Bool {
    value.isEmpty || value == "runtime/default" || value.hasPrefix("localhost/")
  }
}
