import FleetModel

extension PodSecurityControl {
  static let baselineCapabilities = PodSecurityControl(
    "capabilities_baseline", title: "Capabilities beyond the runtime's default", level: .baseline,
    rationale: "Capabilities beyond the default set, and NET_RAW, lead to the node or to other pods' traffic.",
    concerns: .addedCapabilities,
    revisions: [
      Revision(since: 0) { pod in
        var offence = Offence()
        pod.visitContainers { container, list in
          var isBad = false
          for name in container.securityContext.addedNames where !allowedCapabilities.contains(name) {
            isBad = true
            offence.add(value: name)
          }
          guard isBad else { return }
          offence.containers.append(ContainerPlace(list: list, name: container.name))
          offence.details.append(container.securityContext.addedNames.filter(allowedCapabilities.contains))
        }
        return offence.found
      }
    ],
    message: {
      "non-default capabilities: \(Wording.containers($0.containers)) must not add \(Wording.list($0.values)) in "
        + "securityContext.capabilities.add"
    },
    fix: { offence in
      var patch = PodPatch()
      patch.setCapabilities(of: offence, level: .baseline, drop: [])
      return patch.text
    })

  /// What container runtimes give by default, without NET_RAW.
  private static let allowedCapabilities: [String] = [
    "NET_BIND_SERVICE", "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
  ]
}
