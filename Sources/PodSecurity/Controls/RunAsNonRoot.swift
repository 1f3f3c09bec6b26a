import FleetModel

extension PodSecurityControl {
  static let runAsNonRoot = PodSecurityControl(
    "runAsNonRoot", title: "Running as non-root", level: .restricted,
    rationale: "Root in a container is root on the node for whoever gets out of it, without a user namespace.",
    concerns: .maybeRoot,
    revisions: [
      Revision(since: 0) { pod in offence(in: pod) },
      Revision(since: 35) { pod in pod.hasUserNamespace ? nil : offence(in: pod) },
    ],
    message: { offence in
      var parts: [String] = []
      if offence.setterCount > 0 {
        parts.append("\(Wording.setters(offence)) must not set securityContext.runAsNonRoot=false")
      }
      if !offence.lacking.isEmpty {
        parts.append("the pod or \(Wording.containers(offence.lacking)) must set securityContext.runAsNonRoot=true")
      }
      return "runAsNonRoot != true: " + parts.joined(separator: "; ")
    },
    fix: { offence in
      var patch = PodPatch()
      if offence.byPod || !offence.lacking.isEmpty { patch.setSecurityContext(["runAsNonRoot: true"]) }
      patch.setSecurityContext(of: offence.containers, level: .restricted, ["runAsNonRoot: true"])
      return patch.text
    })

  private static func offence(in pod: JudgedPod) -> Offence? {
    var offence = Offence(byPod: pod.spec.securityContext.runAsNonRoot == false)
    let inherited = pod.spec.securityContext.runAsNonRoot == true
    pod.visitContainers { container, list in
      switch container.securityContext.runAsNonRoot {
      case true?: break
      case false?: offence.containers.append(ContainerPlace(list: list, name: container.name))
      case nil: if !inherited { offence.lacking.append(ContainerPlace(list: list, name: container.name)) }
      }
    }
    return offence.found
  }
}
