import FleetModel

/// Moves user, group and extra groups 1337 away: the mesh's capture rules let that identity through (trap T6).
enum SidecarIdentityFreed: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    var changes: [HardeningChange] = []
    changes += move(&pod.securityContext.runAsUser, "spec.securityContext.runAsUser")
    changes += move(&pod.securityContext.runAsGroup, "spec.securityContext.runAsGroup")
    changes += move(&pod.securityContext.fsGroup, "spec.securityContext.fsGroup")
    for index in pod.securityContext.supplementalGroups.indices
    where pod.securityContext.supplementalGroups[index] == Hardening.sidecarID {
      pod.securityContext.supplementalGroups[index] = Hardening.unprivilegedID
      changes.append(change("spec.securityContext.supplementalGroups"))
    }
    return changes
      + forEachContainer(of: &pod) { container, path in
        move(&container.securityContext.runAsUser, "\(path).securityContext.runAsUser")
          + move(&container.securityContext.runAsGroup, "\(path).securityContext.runAsGroup")
      }
  }

  private static func move(_ id: inout Int?, _ path: String) -> [HardeningChange] {
    guard id == Hardening.sidecarID else { return [] }
    id = Hardening.unprivilegedID
    return [change(path)]
  }

  private static func change(_ path: String) -> HardeningChange {
    HardeningChange(
      path: path, before: "\(Hardening.sidecarID)", after: "\(Hardening.unprivilegedID)", closes: ["M01"],
      why: "traffic of the sidecar's own identity is not captured: such a container would bypass the mesh (trap T6)")
  }
}
