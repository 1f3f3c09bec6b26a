import FleetModel

extension PodSecurityControl {
  static let restrictedCapabilities = PodSecurityControl(
    "capabilities_restricted", title: "All capabilities dropped", level: .restricted,
    rationale: "A process without capabilities has none to abuse; binding low ports is the one that may come back.",
    overrides: "capabilities_baseline",
    concerns: [.addedCapabilities, .keptCapabilities],
    revisions: [
      Revision(since: 22) { pod in offence(in: pod) },
      Revision(since: 25) { pod in pod.isWindows ? nil : offence(in: pod) },
    ],
    message: { offence in
      var parts: [String] = []
      if !offence.lacking.isEmpty {
        parts.append("\(Wording.containers(offence.lacking)) must set securityContext.capabilities.drop=[\"ALL\"]")
      }
      if !offence.containers.isEmpty {
        parts.append(
          "\(Wording.containers(offence.containers)) must not add \(Wording.list(offence.values)) in "
            + "securityContext.capabilities.add")
      }
      return "unrestricted capabilities: " + parts.joined(separator: "; ")
    },
    fix: { offence in
      var patch = PodPatch()
      patch.setCapabilities(of: offence, level: .restricted, drop: ["drop: [\"ALL\"]"])
      patch.setSecurityContext(
        of: offence.lacking.filter { !offence.containers.contains($0) }, level: .restricted,
        ["capabilities:", "  drop: [\"ALL\"]"])
      return patch.text
    })

  private static let bindLowPorts = "NET_BIND_SERVICE"

  private static func offence(in pod: JudgedPod) -> Offence? {
    var offence = Offence()
    pod.visitContainers { container, list in
      if !container.securityContext.droppedNames.contains("ALL") {
        offence.lacking.append(ContainerPlace(list: list, name: container.name))
      }
      var isBad = false
      for name in container.securityContext.addedNames where name != bindLowPorts {
        isBad = true
        offence.add(value: name)
      }
      guard isBad else { return }
      offence.containers.append(ContainerPlace(list: list, name: container.name))
      offence.details.append(container.securityContext.addedNames.contains(bindLowPorts) ? [bindLowPorts] : [])
    }
    return offence.found
  }
}
